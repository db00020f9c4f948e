import { beforeEach, describe, expect, test } from 'vitest';
import { keyOf, Sample } from './sample.ts';

const [MALFORMED, FOUNDED_ALREADY, NOT_FOUNDED, NOT_ALLOWED, NOBODY, THERE_ALREADY, TOO_MANY, TOO_FEW_ADMINS] = [
  1, 2, 3, 4, 5, 6, 7, 8,
];
const [MEMBER, ADMIN] = [1, 2];

let access: Sample;

const add = (by: number, who: number, role: number): number => access.answer(by, 1, keyOf(who), role);
const vote = (by: number, who: number): number => access.answer(by, 2, keyOf(who));
const withdraw = (by: number, who: number): number => access.answer(by, 3, keyOf(who));
const leave = (who: number): number => access.answer(who, 4);

/** Roles by the first byte of the key, and how many votes are open. */
function people(): { readonly roles: Record<number, number>; readonly votes: number } {
  const count = access.state[1] ?? 0;
  const roles: Record<number, number> = {};
  for (let i = 0; i < count; i++) roles[access.state[2 + i * 33] ?? 0] = access.state[2 + i * 33 + 32] ?? 0;
  return { roles, votes: (access.state.length - 2 - count * 33) / 64 };
}

beforeEach(() => {
  access = new Sample('access');
  expect(add(1, 2, MEMBER)).toBe(NOT_FOUNDED);
  expect(access.answer(5, 0, 2)).toBe(0);
  for (const admin of [3, 8]) expect(add(5, admin, ADMIN)).toBe(0);
  expect(add(3, 6, MEMBER)).toBe(0);
});

test('admins add people, whom everybody finds in the order of their keys', () => {
  expect(people()).toEqual({ roles: { 3: ADMIN, 5: ADMIN, 6: MEMBER, 8: ADMIN }, votes: 0 });
  expect(access.answer(5, 0, 1)).toBe(FOUNDED_ALREADY);
  expect(add(6, 7, MEMBER)).toBe(NOT_ALLOWED);
  expect(add(9, 9, ADMIN)).toBe(NOT_ALLOWED);
  expect(add(5, 7, 3)).toBe(MALFORMED);
  expect(add(5, 6, MEMBER)).toBe(THERE_ALREADY);
  expect(add(5, 6, ADMIN)).toBe(0);
  // To make a member of an admin would be to remove one alone.
  expect(add(5, 6, MEMBER)).toBe(THERE_ALREADY);
});

describe('removing', () => {
  test('takes as many admins as the founder decided, each once', () => {
    expect(vote(6, 3)).toBe(NOT_ALLOWED);
    expect(vote(5, 77)).toBe(NOBODY);
    expect(vote(5, 6)).toBe(0);
    expect(vote(5, 6)).toBe(0);
    expect(people()).toMatchObject({ roles: { 6: MEMBER }, votes: 1 });
    expect(vote(8, 6)).toBe(0);
    expect(people()).toEqual({ roles: { 3: ADMIN, 5: ADMIN, 8: ADMIN }, votes: 0 });
  });

  test('a vote can be taken back, and goes with whoever cast it', () => {
    expect(vote(5, 6)).toBe(0);
    expect(withdraw(8, 6)).toBe(NOBODY);
    expect(withdraw(5, 6)).toBe(0);
    expect(people().votes).toBe(0);
    expect(vote(8, 6)).toBe(0);
    expect(vote(3, 8)).toBe(0);
    expect(vote(5, 8)).toBe(0);
    expect(people()).toEqual({ roles: { 3: ADMIN, 5: ADMIN, 6: MEMBER }, votes: 0 });
    expect(vote(5, 6)).toBe(0);
    expect(people().roles).toHaveProperty('6');
  });

  test('leaves as many admins as it takes', () => {
    expect(leave(8)).toBe(0);
    expect(vote(5, 3)).toBe(0);
    expect(vote(3, 3)).toBe(TOO_FEW_ADMINS);
    expect(leave(5)).toBe(TOO_FEW_ADMINS);
    expect(leave(6)).toBe(0);
    expect(leave(6)).toBe(NOT_ALLOWED);
  });
});

test('there is room for 255 people', () => {
  const before = Object.keys(people().roles).length;
  const key = (i: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => (at === 31 ? i : 200));
  for (let i = 0; i < 255 - before; i++) expect(access.answer(5, 1, key(i), MEMBER)).toBe(0);
  expect(access.answer(5, 1, keyOf(1), MEMBER)).toBe(TOO_MANY);
});

test('bodies that are none are refused', () => {
  expect(access.answer(5)).toBe(MALFORMED);
  expect(access.answer(5, 5, keyOf(3))).toBe(MALFORMED);
  expect(access.answer(5, 2, keyOf(3).slice(1))).toBe(MALFORMED);
  expect(access.answer(5, 2, keyOf(3), 0)).toBe(MALFORMED);
  expect(new Sample('access').answer(5, 0, 0)).toBe(MALFORMED);
});
