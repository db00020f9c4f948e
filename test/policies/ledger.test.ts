import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { keyOf, Sample, u64 } from './sample.ts';

const [MALFORMED, FOUNDED_ALREADY, NOT_FOUNDED, OVERDRAFT, TO_ITSELF, OUT_OF_TURN, AMOUNT, TOO_MANY] = [
  1, 2, 3, 4, 5, 6, 7, 8,
];
const ISSUER = 50;

let ledger: Sample;

beforeEach(() => {
  ledger = new Sample('ledger');
});

const transfer = (from: number, number: number, to: number, amount: number | bigint): number =>
  ledger.answer(from, 1, u64(number), keyOf(to), u64(amount));

/** Balances and numbers of transfers, by the first byte of the key. */
function accounts(): Map<number, { balance: bigint; transfers: bigint }> {
  const view = new DataView(ledger.state.buffer, ledger.state.byteOffset, ledger.state.length);
  const found = new Map<number, { balance: bigint; transfers: bigint }>();
  for (let at = 32; at < view.byteLength; at += 48) {
    found.set(view.getUint8(at), {
      balance: view.getBigInt64(at + 32, true),
      transfers: view.getBigUint64(at + 40, true),
    });
  }
  return found;
}

const balanceOf = (actor: number): bigint => accounts().get(actor)?.balance ?? 0n;

test('the founder issues, and what others hold is what the founder owes', () => {
  expect(transfer(ISSUER, 1, 7, 1)).toBe(NOT_FOUNDED);
  expect(ledger.answer(ISSUER, 0)).toBe(0);
  expect(ledger.answer(7, 0)).toBe(FOUNDED_ALREADY);
  expect([...ledger.state.subarray(0, 32)]).toEqual([...keyOf(ISSUER)]);
  expect(transfer(ISSUER, 1, 7, 100)).toBe(0);
  expect(transfer(7, 1, 90, 30)).toBe(0);
  expect([balanceOf(ISSUER), balanceOf(7), balanceOf(90)]).toEqual([-100n, 70n, 30n]);
});

describe('refuses', () => {
  beforeEach(() => {
    ledger.answer(ISSUER, 0);
    transfer(ISSUER, 1, 7, 100);
  });

  test('an overdraft, of somebody with an account or without', () => {
    expect(transfer(7, 1, 8, 101)).toBe(OVERDRAFT);
    expect(transfer(9, 1, 8, 1)).toBe(OVERDRAFT);
    expect(transfer(7, 1, 8, 100)).toBe(0);
  });

  test('amounts that are none, or that sums could not hold', () => {
    expect(transfer(ISSUER, 2, 7, 0)).toBe(AMOUNT);
    expect(transfer(ISSUER, 2, 7, 2n ** 63n)).toBe(AMOUNT);
    expect(transfer(ISSUER, 2, 7, 2n ** 60n + 1n)).toBe(AMOUNT);
    // The issuer owes 100 already, and owes no more than 2^60 in all.
    expect(transfer(ISSUER, 2, 7, 2n ** 60n)).toBe(OVERDRAFT);
    expect(transfer(ISSUER, 2, 7, 2n ** 60n - 100n)).toBe(0);
  });

  test('a transfer to oneself', () => {
    expect(transfer(7, 1, 7, 1)).toBe(TO_ITSELF);
  });

  test('bodies that are none', () => {
    expect(ledger.answer(7)).toBe(MALFORMED);
    expect(ledger.answer(7, 2)).toBe(MALFORMED);
    expect(ledger.answer(7, 0, 0)).toBe(MALFORMED);
    expect(ledger.answer(7, 1, u64(1), keyOf(8), u64(1), 0)).toBe(MALFORMED);
    expect(ledger.answer(7, 1, u64(1), keyOf(8), u64(1).slice(1))).toBe(MALFORMED);
  });
});

test('a transfer that is sent again changes nothing, and one out of turn is refused', () => {
  ledger.answer(ISSUER, 0);
  expect(transfer(ISSUER, 1, 7, 10)).toBe(0);
  const before = ledger.state;
  expect(transfer(ISSUER, 1, 7, 10)).toBe(0);
  expect(ledger.state).toEqual(before);
  expect(transfer(ISSUER, 3, 7, 10)).toBe(OUT_OF_TURN);
  expect(transfer(ISSUER, 0, 7, 10)).toBe(OUT_OF_TURN);
  expect(transfer(ISSUER, 2, 7, 10)).toBe(0);
  expect(balanceOf(7)).toBe(20n);
});

test('there is room for 2,048 accounts', () => {
  ledger.answer(ISSUER, 0);
  // The others have nothing yet, and come before the issuer.
  const others = Array.from({ length: 2_046 }, (_, i) => [0, 0, i >> 8, i & 255, ...new Uint8Array(44)]);
  ledger.state = Uint8Array.from([...ledger.state.subarray(0, 32), ...others.flat(), ...ledger.state.subarray(32)]);
  expect(transfer(ISSUER, 1, 60, 1)).toBe(0);
  expect(transfer(ISSUER, 2, 61, 1)).toBe(TOO_MANY);
  expect(transfer(ISSUER, 2, 60, 1)).toBe(0);
  expect(ledger.state.length).toBe(32 + 2_048 * 48);
});

test('whatever is sent, in whatever order and how often, the sum is zero and nobody but the issuer is below it', () => {
  const act = fc.record({
    from: fc.integer({ min: 48, max: 56 }),
    to: fc.integer({ min: 48, max: 56 }),
    amount: fc.nat({ max: 60 }),
    step: fc.constantFrom(0, 1, 1, 1, 2),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      ledger = new Sample('ledger');
      ledger.answer(ISSUER, 0);
      const expected = new Map<number, bigint>();
      for (const { from, to, amount, step } of acts) {
        const done = Number(accounts().get(from)?.transfers ?? 0n);
        const isNew = step === 1;
        if (transfer(from, done + step, to, amount) !== 0 || !isNew) continue;
        expected.set(from, (expected.get(from) ?? 0n) - BigInt(amount));
        expected.set(to, (expected.get(to) ?? 0n) + BigInt(amount));
      }
      const found = [...accounts()];
      expect(found.reduce((sum, [, { balance }]) => sum + balance, 0n)).toBe(0n);
      for (const [actor, { balance }] of found) {
        expect(balance).toBe(expected.get(actor) ?? 0n);
        if (actor !== ISSUER) expect(balance >= 0n).toBe(true);
      }
      expect(found.map(([actor]) => actor)).toEqual(found.map(([actor]) => actor).sort((a, b) => a - b));
    }),
    { numRuns: 30 },
  );
});
