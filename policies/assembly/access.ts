/**
 * Who may do what, and who may take that away. Whoever founds it is the first admin. Admins add people; to remove one, as many
 * admins have to say so as the founder decided. Nobody is removed where fewer admins than that would be left.
 *
 * State: the quorum and the number of people as bytes, the people in the order of their keys (key, role), and then the votes to
 * remove (whom, whose vote).
 *
 * Records: 0 founds, with the quorum. 1 adds a person, with their role: 1 is member, 2 is admin; or changes a member to an admin. 2 votes to
 * remove somebody, and removes them when the quorum is there. 3 takes the vote back. 4 leaves.
 */
import { accept, actor, compareKeys, isWhole, readKey, KEY, open, reject, readU8, verdict } from './policy';

export { alloc, policy_abi_v1 } from './policy';

const MALFORMED: u32 = 1;
const FOUNDED_ALREADY: u32 = 2;
const NOT_FOUNDED: u32 = 3;
const NOT_ALLOWED: u32 = 4;
const NOBODY: u32 = 5;
const THERE_ALREADY: u32 = 6;
const TOO_MANY: u32 = 7;
const TOO_FEW_ADMINS: u32 = 8;

const FOUND: u32 = 0;
const ADD: u32 = 1;
const VOTE: u32 = 2;
const WITHDRAW: u32 = 3;
const LEAVE: u32 = 4;

const MEMBER: u32 = 1;
const ADMIN: u32 = 2;

const PERSON: usize = 33;
const VOTES: usize = 64;
const HEADER: usize = 2;
const MAX_PEOPLE: u32 = 255;
const MAX_VOTES: usize = 1_024;

/** A copy of the state that is changed in place, with room for one person and one vote more. */
let room: usize = 0;
let people: usize = 0;
let count: u32 = 0;
let votes: usize = 0;
let end: usize = 0;

export function apply(state: usize, stateBytes: usize, event: usize, eventBytes: usize): u64 {
  open(event, eventBytes);
  const kind = readU8();
  if (kind == FOUND) return found(readU8(), stateBytes);
  const other = kind == LEAVE ? actor : readKey();
  const role = kind == ADD ? readU8() : 0;
  if (!isWhole() || kind > LEAVE) return reject(MALFORMED);
  if (stateBytes == 0) return reject(NOT_FOUNDED);
  openState(state, stateBytes);
  if (kind == LEAVE) return leave();
  if (roleOf(actor) != ADMIN) return reject(NOT_ALLOWED);
  if (kind == ADD) return add(other, role);
  if (roleOf(other) == 0) return reject(NOBODY);
  return kind == VOTE ? vote(other) : withdraw(other);
}

function found(quorum: u32, stateBytes: usize): u64 {
  if (!isWhole() || quorum == 0) return reject(MALFORMED);
  if (stateBytes != 0) return reject(FOUNDED_ALREADY);
  const bytes = HEADER + PERSON;
  const first = verdict(bytes);
  store<u8>(first, quorum, 1);
  store<u8>(first, 1, 2);
  memory.copy(first + 1 + HEADER, actor, KEY);
  store<u8>(first + 1 + HEADER, ADMIN, KEY);
  return accept(first, bytes);
}

function openState(state: usize, stateBytes: usize): void {
  room = verdict(stateBytes + PERSON + VOTES);
  memory.copy(room + 1, state, stateBytes);
  people = room + 1 + HEADER;
  count = load<u8>(room, 2);
  votes = people + <usize>count * PERSON;
  end = room + 1 + stateBytes;
}

function finish(): u64 {
  store<u8>(room, count, 2);
  return accept(room, end - room - 1);
}

function add(other: usize, role: u32): u64 {
  if (role != MEMBER && role != ADMIN) return reject(MALFORMED);
  const at = placeOf(other);
  const present = roleAt(at, other);
  // Taking a role away is for a vote: otherwise one admin could remove another by making a member of them.
  if (present >= role) return reject(THERE_ALREADY);
  if (present == 0) {
    if (count == MAX_PEOPLE) return reject(TOO_MANY);
    widen(at, PERSON);
    memory.copy(at, other, KEY);
    count += 1;
    votes += PERSON;
  }
  store<u8>(at, role, KEY);
  return finish();
}

function vote(other: usize): u64 {
  if (voteOf(other, actor) != 0) return finish();
  if ((end - votes) / VOTES >= MAX_VOTES) return reject(TOO_MANY);
  memory.copy(end, other, KEY);
  memory.copy(end + KEY, actor, KEY);
  end += VOTES;
  if (votesFor(other) < quorum()) return finish();
  return remove(other);
}

function withdraw(other: usize): u64 {
  const at = voteOf(other, actor);
  if (at == 0) return reject(NOBODY);
  narrow(at, VOTES);
  return finish();
}

function leave(): u64 {
  return roleOf(actor) == 0 ? reject(NOT_ALLOWED) : remove(actor);
}

/** With a person go the votes for their removal, and theirs. */
function remove(other: usize): u64 {
  const at = placeOf(other);
  if (roleAt(at, other) == ADMIN && admins() - 1 < max(quorum(), 1)) return reject(TOO_FEW_ADMINS);
  let place = votes;
  while (place < end) {
    if (compareKeys(place, other) == 0 || compareKeys(place + KEY, other) == 0) narrow(place, VOTES);
    else place += VOTES;
  }
  narrow(at, PERSON);
  count -= 1;
  votes -= PERSON;
  return finish();
}

function quorum(): u32 {
  return load<u8>(room, 1);
}

function admins(): u32 {
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; i++) if (load<u8>(people + <usize>i * PERSON, KEY) == ADMIN) found++;
  return found;
}

/** Only votes of admins count, and those who are no longer there have none. */
function votesFor(other: usize): u32 {
  let found: u32 = 0;
  for (let at = votes; at < end; at += VOTES) if (compareKeys(at, other) == 0) found++;
  return found;
}

function voteOf(other: usize, voter: usize): usize {
  for (let at = votes; at < end; at += VOTES) {
    if (compareKeys(at, other) == 0 && compareKeys(at + KEY, voter) == 0) return at;
  }
  return 0;
}

function roleOf(person: usize): u32 {
  return roleAt(placeOf(person), person);
}

function roleAt(at: usize, person: usize): u32 {
  return at < votes && compareKeys(at, person) == 0 ? load<u8>(at, KEY) : 0;
}

/** Where a person is, or belongs. */
function placeOf(person: usize): usize {
  let at = people;
  while (at < votes && compareKeys(at, person) < 0) at += PERSON;
  return at;
}

function widen(at: usize, bytes: usize): void {
  memory.copy(at + bytes, at, end - at);
  end += bytes;
}

function narrow(at: usize, bytes: usize): void {
  memory.copy(at, at + bytes, end - at - bytes);
  end -= bytes;
}
