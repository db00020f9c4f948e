/**
 * Approval by k of n. What is approved is a digest: of a document, a payment, a release. Each approver says yes once, until
 * the deadline that the first of them set; with k of them it stands approved.
 *
 * State: k and n as bytes, the n keys in order, and then the matters: digest, deadline as u64 in ms, who said yes as bits of a u32,
 * 1 where it is approved.
 *
 * Records: 0 founds, with k, n and the keys, which rise. 1 approves, with digest and deadline. 2 takes that back.
 */
import {
  accept,
  acceptUnchanged,
  actor,
  compareKeys,
  isWhole,
  readKey,
  KEY,
  open,
  reject,
  time,
  readU64,
  readU8,
  verdict,
} from './policy';

export { alloc, policy_abi_v1 } from './policy';

const MALFORMED: u32 = 1;
const FOUNDED_ALREADY: u32 = 2;
const NOT_FOUNDED: u32 = 3;
const NOT_ALLOWED: u32 = 4;
const UNKNOWN_MATTER: u32 = 5;
const OTHER_DEADLINE: u32 = 6;
const TOO_LATE: u32 = 7;
const DECIDED_ALREADY: u32 = 8;
const TOO_MANY: u32 = 9;

const FOUND: u32 = 0;
const APPROVE: u32 = 1;
const WITHDRAW: u32 = 2;

const HEADER: usize = 2;
const MATTER: usize = 45;
const DEADLINE: usize = 32;
const SAID_YES: usize = 40;
const APPROVED: usize = 44;
const MAX_APPROVERS: u32 = 32;
const MAX_MATTERS: usize = 1_024;

export function apply(state: usize, stateBytes: usize, event: usize, eventBytes: usize): u64 {
  open(event, eventBytes);
  const kind = readU8();
  if (kind == FOUND) return found(stateBytes);
  const digest = readKey();
  const deadline: u64 = kind == APPROVE ? readU64() : 0;
  if (!isWhole() || kind > WITHDRAW) return reject(MALFORMED);
  if (stateBytes == 0) return reject(NOT_FOUNDED);
  const approver = approverOf(state);
  if (approver < 0) return reject(NOT_ALLOWED);
  const matter = findMatter(state, stateBytes, digest);
  if (kind == WITHDRAW) return withdraw(state, stateBytes, matter, approver);
  if (matter == 0) return begin(state, stateBytes, digest, deadline, approver);
  return approve(state, stateBytes, matter, deadline, approver);
}

function found(stateBytes: usize): u64 {
  const k = readU8();
  const n = readU8();
  if (k == 0 || k > n || n > MAX_APPROVERS) return reject(MALFORMED);
  const bytes = HEADER + <usize>n * KEY;
  const room = verdict(bytes);
  store<u8>(room, k, 1);
  store<u8>(room, n, 2);
  let last = readKey();
  memory.copy(room + 1 + HEADER, last, KEY);
  for (let i: u32 = 1; i < n; i++) {
    const next = readKey();
    // One key twice would let one approver count for two.
    if (compareKeys(last, next) >= 0) return reject(MALFORMED);
    memory.copy(room + 1 + HEADER + <usize>i * KEY, next, KEY);
    last = next;
  }
  if (!isWhole()) return reject(MALFORMED);
  if (stateBytes != 0) return reject(FOUNDED_ALREADY);
  return accept(room, bytes);
}

/** Matters that are over make room for new ones. */
function begin(state: usize, stateBytes: usize, digest: usize, deadline: u64, approver: i32): u64 {
  if (deadline <= time) return reject(TOO_LATE);
  const room = verdict(stateBytes + MATTER);
  const head = mattersOf(state) - state;
  memory.copy(room + 1, state, head);
  let place = room + 1 + head;
  for (let at = mattersOf(state); at < state + stateBytes; at += MATTER) {
    if (load<u64>(at, DEADLINE) <= time && load<u8>(at, APPROVED) == 0) continue;
    memory.copy(place, at, MATTER);
    place += MATTER;
  }
  if ((place - room - 1 - head) / MATTER >= MAX_MATTERS) return reject(TOO_MANY);
  memory.copy(place, digest, KEY);
  store<u64>(place, deadline, DEADLINE);
  store<u32>(place, 0, SAID_YES);
  store<u8>(place, 0, APPROVED);
  sayYes(state, place, approver);
  return accept(room, place + MATTER - room - 1);
}

function approve(state: usize, stateBytes: usize, matter: usize, deadline: u64, approver: i32): u64 {
  // Who approves says until when as well, so that nobody approves what another may still stretch.
  if (load<u64>(matter, DEADLINE) != deadline) return reject(OTHER_DEADLINE);
  if (load<u8>(matter, APPROVED) != 0) return reject(DECIDED_ALREADY);
  if (deadline <= time) return reject(TOO_LATE);
  sayYes(state, matter, approver);
  return acceptUnchanged(state, stateBytes);
}

function withdraw(state: usize, stateBytes: usize, matter: usize, approver: i32): u64 {
  if (matter == 0) return reject(UNKNOWN_MATTER);
  if (load<u8>(matter, APPROVED) != 0) return reject(DECIDED_ALREADY);
  store<u32>(matter, load<u32>(matter, SAID_YES) & ~(1 << approver), SAID_YES);
  return acceptUnchanged(state, stateBytes);
}

function sayYes(state: usize, matter: usize, approver: i32): void {
  const yes = load<u32>(matter, SAID_YES) | (1 << approver);
  store<u32>(matter, yes, SAID_YES);
  if (popcnt<u32>(yes) >= load<u8>(state)) store<u8>(matter, 1, APPROVED);
}

function approverOf(state: usize): i32 {
  const n: i32 = load<u8>(state, 1);
  for (let i = 0; i < n; i++) if (compareKeys(state + HEADER + <usize>i * KEY, actor) == 0) return i;
  return -1;
}

function mattersOf(state: usize): usize {
  return state + HEADER + <usize>load<u8>(state, 1) * KEY;
}

function findMatter(state: usize, stateBytes: usize, digest: usize): usize {
  for (let at = mattersOf(state); at < state + stateBytes; at += MATTER) {
    if (compareKeys(at, digest) == 0) return at;
  }
  return 0;
}
