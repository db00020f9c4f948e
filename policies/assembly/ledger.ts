/**
 * A double-entry ledger. Whoever founds it issues: their account alone may be below zero. A transfer takes from one
 * account what it gives to another, so the sum of all accounts is always zero, and what the others hold is what the issuer owes.
 *
 * State: the issuer's key, and then the accounts in the order of their keys: key, balance as i64, number of transfers as u64.
 *
 * Records: 0 founds. 1 transfers: the number of this transfer of the actor, from 1; the key of the other; the amount. A number
 * that was there is accepted and changes nothing, so a transfer may be sent again until it is answered.
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
  readU64,
  readU8,
  verdict,
} from './policy';

export { alloc, policy_abi_v1 } from './policy';

const MALFORMED: u32 = 1;
const FOUNDED_ALREADY: u32 = 2;
const NOT_FOUNDED: u32 = 3;
const OVERDRAFT: u32 = 4;
const TO_ITSELF: u32 = 5;
const OUT_OF_TURN: u32 = 6;
const AMOUNT_OUT_OF_RANGE: u32 = 7;
const TOO_MANY_ACCOUNTS: u32 = 8;

const FOUND: u32 = 0;
const TRANSFER: u32 = 1;

const ACCOUNT: usize = 48;
const BALANCE: usize = 32;
const TRANSFERS: usize = 40;
const MAX_ACCOUNTS: usize = 2_048;
/** Far from where an i64 ends: no sum of two can leave it. */
const MOST: i64 = 1 << 60;

export function apply(state: usize, stateBytes: usize, event: usize, eventBytes: usize): u64 {
  open(event, eventBytes);
  const kind = readU8();
  if (kind == FOUND) return found(stateBytes);
  if (kind != TRANSFER) return reject(MALFORMED);
  const number = readU64();
  const other = readKey();
  const amount = readU64();
  if (!isWhole()) return reject(MALFORMED);
  if (stateBytes == 0) return reject(NOT_FOUNDED);
  if (amount == 0 || amount > <u64>MOST) return reject(AMOUNT_OUT_OF_RANGE);
  if (compareKeys(actor, other) == 0) return reject(TO_ITSELF);
  return transfer(state, stateBytes, number, other, <i64>amount);
}

function found(stateBytes: usize): u64 {
  if (!isWhole()) return reject(MALFORMED);
  if (stateBytes != 0) return reject(FOUNDED_ALREADY);
  const room = verdict(KEY + ACCOUNT);
  memory.copy(room + 1, actor, KEY);
  writeAccount(room + 1 + KEY, actor);
  return accept(room, KEY + ACCOUNT);
}

function transfer(state: usize, stateBytes: usize, number: u64, other: usize, amount: i64): u64 {
  const first = state + KEY;
  const count = (stateBytes - KEY) / ACCOUNT;
  const from = first + findAccount(first, count, actor) * ACCOUNT;
  const isKnown = isAt(from, first + count * ACCOUNT, actor);
  const done: u64 = isKnown ? load<u64>(from, TRANSFERS) : 0;
  if (number <= done && number != 0) return acceptUnchanged(state, stateBytes);
  if (number != done + 1) return reject(OUT_OF_TURN);
  const isIssuer = compareKeys(actor, state) == 0;
  const balance: i64 = isKnown ? load<i64>(from, BALANCE) : 0;
  const lowest: i64 = isIssuer ? -MOST : 0;
  if (balance - amount < lowest) return reject(OVERDRAFT);
  // Nobody has anything before somebody paid them, so the account is there.
  return book(state, stateBytes, from, other, amount);
}

/** Takes, gives, and writes the new state, with a new account where the other has none. */
function book(state: usize, stateBytes: usize, from: usize, other: usize, amount: i64): u64 {
  const first = state + KEY;
  const count = (stateBytes - KEY) / ACCOUNT;
  const to = first + findAccount(first, count, other) * ACCOUNT;
  store<i64>(from, load<i64>(from, BALANCE) - amount, BALANCE);
  store<u64>(from, load<u64>(from, TRANSFERS) + 1, TRANSFERS);
  const end = first + count * ACCOUNT;
  const isNew = !isAt(to, end, other);
  if (isNew && count == MAX_ACCOUNTS) return reject(TOO_MANY_ACCOUNTS);
  const bytes = stateBytes + (isNew ? ACCOUNT : 0);
  const room = verdict(bytes);
  const before = to - state;
  memory.copy(room + 1, state, before);
  const place = room + 1 + before;
  if (isNew) writeAccount(place, other);
  memory.copy(place + (isNew ? ACCOUNT : 0), to, end - to);
  store<i64>(place, load<i64>(place, BALANCE) + amount, BALANCE);
  return accept(room, bytes);
}

function writeAccount(at: usize, owner: usize): void {
  memory.copy(at, owner, KEY);
  store<i64>(at, 0, BALANCE);
  store<u64>(at, 0, TRANSFERS);
}

/** The number of accounts whose key comes before: where this one is, or belongs. */
function findAccount(first: usize, count: usize, owner: usize): usize {
  let low: usize = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) / 2;
    if (compareKeys(first + middle * ACCOUNT, owner) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isAt(account: usize, end: usize, owner: usize): bool {
  return account < end && compareKeys(account, owner) == 0;
}
