/**
 * What every policy here shares: the interface of `PM3`, the record that it gets (`PX7`), and its verdict (`PX3`). Nothing is
 * ever freed: an instance decides over one record and is gone.
 */

/** Of an actor's key. */
export const KEY: usize = 32;

export function policy_abi_v1(): void {}

export function alloc(bytes: usize): usize {
  return heap.alloc(bytes);
}

/** Where the actor's key is that signed the record, when the relay took it, in ms, and the type of the event. */
export let actor: usize = 0;
export let time: u64 = 0;
export let type: u32 = 0;

const VERSION: u32 = 1;
let place: usize = 0;
let end: usize = 0;
let isShort: bool = false;

/** Opens a record; what is read afterwards is its body. */
export function open(record: usize, bytes: usize): void {
  place = record;
  end = record + bytes;
  if (readU16() != VERSION) isShort = true;
  actor = readKey();
  time = readU64();
  type = readU16();
  if (vectorLength() != end - place) isShort = true;
}

/** Whether the body was exactly what was read of it. Nothing that was read counts before this is true. */
export function isWhole(): bool {
  return !isShort && place == end;
}

export function readU8(): u32 {
  const at = take(1);
  return at == 0 ? 0 : load<u8>(at);
}

export function readU16(): u32 {
  const high = readU8();
  return (high << 8) | readU8();
}

export function readU64(): u64 {
  const at = take(8);
  return at == 0 ? 0 : bswap<u64>(load<u64>(at));
}

/** Where 32 bytes are: a key or a digest. Where there are none, somewhere that may be read. */
export function readKey(): usize {
  const at = take(KEY);
  return at == 0 ? place : at;
}

function take(bytes: usize): usize {
  if (bytes > end - place) {
    isShort = true;
    return 0;
  }
  const at = place;
  place += bytes;
  return at;
}

/** The length prefix of RFC 9420 §2.1.2. */
function vectorLength(): usize {
  const first = readU8();
  const prefix = first >> 6;
  let length = first & 0x3f;
  const more: u32 = prefix == 0 ? 0 : prefix == 1 ? 1 : 3;
  for (let i: u32 = 0; i < more; i++) length = (length << 8) | readU8();
  return length;
}

export function compareKeys(a: usize, b: usize): i32 {
  return memory.compare(a, b, KEY);
}

/** Room for a verdict that accepts with a state of so many bytes; the state begins one byte behind. */
export function verdict(stateBytes: usize): usize {
  const room = heap.alloc(1 + stateBytes);
  store<u8>(room, 0);
  return room;
}

export function accept(room: usize, stateBytes: usize): u64 {
  return output(room, 1 + stateBytes);
}

/** Accepts, and leaves the state as it is. */
export function acceptUnchanged(state: usize, stateBytes: usize): u64 {
  const room = verdict(stateBytes);
  memory.copy(room + 1, state, stateBytes);
  return accept(room, stateBytes);
}

export function reject(reason: u32): u64 {
  const room = heap.alloc(3);
  store<u8>(room, 1);
  store<u8>(room, reason >> 8, 1);
  store<u8>(room, reason, 2);
  return output(room, 3);
}

function output(at: usize, bytes: usize): u64 {
  return ((<u64>at) << 32) | (<u64>bytes);
}
