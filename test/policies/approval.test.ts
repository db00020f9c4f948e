import { beforeEach, expect, test } from 'vitest';
import { keyOf, Sample, u64 } from './sample.ts';

const [MALFORMED, FOUNDED_ALREADY, NOT_FOUNDED, NOT_ALLOWED, UNKNOWN, OTHER_DEADLINE, TOO_LATE, DECIDED, TOO_MANY] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9,
];
const APPROVERS = [3, 5, 8];
const HEADER = 2 + APPROVERS.length * 32;
const DEADLINE = 5_000;

let approval: Sample;

const approve = (by: number, matter: number, deadline = DEADLINE): number =>
  approval.answer(by, 1, keyOf(matter), u64(deadline));
const withdraw = (by: number, matter: number): number => approval.answer(by, 2, keyOf(matter));

/** By matter: who said yes, as bits, and whether it is approved. */
function matters(): Record<number, readonly [yes: number, approved: number]> {
  const found: Record<number, readonly [number, number]> = {};
  for (let at = HEADER; at < approval.state.length; at += 45) {
    found[approval.state[at] ?? 0] = [approval.state[at + 40] ?? 0, approval.state[at + 44] ?? 0];
  }
  return found;
}

beforeEach(() => {
  approval = new Sample('approval');
  expect(approve(3, 1)).toBe(NOT_FOUNDED);
  expect(approval.answer(9, 0, 2, 3, ...APPROVERS.map(keyOf))).toBe(0);
});

test('k of n approve, each once, and then it stands', () => {
  expect(approve(3, 1)).toBe(0);
  expect(approve(3, 1)).toBe(0);
  expect(matters()).toEqual({ 1: [0b001, 0] });
  expect(approve(9, 1)).toBe(NOT_ALLOWED);
  expect(approve(8, 1)).toBe(0);
  expect(matters()).toEqual({ 1: [0b101, 1] });
  expect(approve(5, 1)).toBe(DECIDED);
  expect(withdraw(3, 1)).toBe(DECIDED);
});

test('a yes can be taken back until it is decided', () => {
  expect(withdraw(3, 1)).toBe(UNKNOWN);
  expect(approve(3, 1)).toBe(0);
  expect(withdraw(3, 1)).toBe(0);
  expect(approve(5, 1)).toBe(0);
  expect(matters()).toEqual({ 1: [0b010, 0] });
});

test('[PX7] the deadline is by the clock of the relay, and the same for all', () => {
  expect(approve(3, 1)).toBe(0);
  expect(approve(5, 1, DEADLINE + 1)).toBe(OTHER_DEADLINE);
  approval.time = DEADLINE;
  expect(approve(5, 1)).toBe(TOO_LATE);
  expect(approve(5, 2)).toBe(TOO_LATE);
  // What is over makes room.
  expect(approve(5, 2, DEADLINE + 1)).toBe(0);
  expect(matters()).toEqual({ 2: [0b010, 0] });
});

test('there is room for 1,024 matters', () => {
  approve(3, 1);
  const matter = approval.state.subarray(HEADER);
  const others = Array.from({ length: 1_022 }, (_, i) => [0, i >> 8, i & 255, ...matter.subarray(3)]);
  approval.state = Uint8Array.from([...approval.state, ...others.flat()]);
  expect(approve(3, 2)).toBe(0);
  expect(approve(3, 4)).toBe(TOO_MANY);
  expect(approve(5, 2)).toBe(0);
});

test('a founding with one key twice, without approvers or with more to say yes than there are, is none', () => {
  const found = (...body: (number | Uint8Array)[]): number => new Sample('approval').answer(9, 0, ...body);
  expect(found(2, 2, keyOf(3), keyOf(3))).toBe(MALFORMED);
  expect(found(2, 2, keyOf(5), keyOf(3))).toBe(MALFORMED);
  expect(found(0, 1, keyOf(3))).toBe(MALFORMED);
  expect(found(3, 2, keyOf(3), keyOf(5))).toBe(MALFORMED);
  expect(found(1, 33, ...Array.from({ length: 33 }, (_, i) => keyOf(i)))).toBe(MALFORMED);
  expect(found(1, 2, keyOf(3))).toBe(MALFORMED);
  expect(found(1, 1, keyOf(3), 0)).toBe(MALFORMED);
  expect(approval.answer(9, 0, 1, 1, keyOf(3))).toBe(FOUNDED_ALREADY);
  expect(approval.answer(3, 3, keyOf(1))).toBe(MALFORMED);
});
