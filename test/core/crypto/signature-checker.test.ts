import { verify as nodeVerify, createPublicKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createKeyVerdicts } from '../../../core/crypto/key-verdicts.ts';
import {
  createSignatureChecker,
  publicKeyOf,
  satisfiesEquation,
  signEd25519,
  type VerifyJob,
} from '../../../core/crypto/index.ts';
import { signWithMixedOrderKey } from './mixed-order.ts';

const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

function verifyInNode({ key, message, signature }: VerifyJob): boolean {
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key]), format: 'der', type: 'spki' });
  return nodeVerify(null, message, publicKey, signature);
}

const SEED = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);

function honest(n: number): VerifyJob {
  const message = Uint8Array.of(n);
  return { key: publicKeyOf(SEED), message, signature: signEd25519(SEED, message) };
}

const forged: VerifyJob = { ...honest(1), message: Uint8Array.of(2) };
const short: VerifyJob = { ...honest(1), signature: new Uint8Array(63) };
const mixedOrder = signWithMixedOrderKey(SEED, 3);

describe('createSignatureChecker', () => {
  test('[ED7] answers in the order of the jobs, at once where the port does', () => {
    const { check } = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(verifyInNode) });
    const verdicts: boolean[] = check([honest(1), short, forged, honest(2), mixedOrder, honest(3)]);
    expect(verdicts).toEqual([true, false, false, true, false, true]);
    expect(check([])).toEqual([]);
  });

  test('[ED7] answers with a promise where the port does', async () => {
    const { check } = createSignatureChecker({ verifyBatch: async (jobs) => jobs.map(verifyInNode) });
    const pending: Promise<boolean[]> = check([forged, short, honest(1)]);
    expect(pending).toBeInstanceOf(Promise);
    expect(await pending).toEqual([false, false, true]);
  });

  test('[ED5] refuses a mixed-order key that the platform accepts, also the second time', () => {
    const { check } = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(verifyInNode) });
    expect(verifyInNode(mixedOrder)).toBe(true);
    expect(check([mixedOrder])).toEqual([false]);
    expect(check([mixedOrder, honest(1)])).toEqual([false, true]);
  });

  test('[ED2] hands the platform only what passed the byte checks', () => {
    const seen: VerifyJob[] = [];
    const { check } = createSignatureChecker({
      verifyBatch: (jobs) => {
        seen.push(...jobs);
        return jobs.map(() => true);
      },
    });
    const job = honest(1);
    const inadmissible: VerifyJob[] = [
      short,
      { ...job, key: job.key.subarray(1) },
      { ...job, key: new Uint8Array(32) },
      { ...job, key: Uint8Array.from([0xf0, ...new Array<number>(30).fill(0xff), 0x7f]) },
      { ...job, signature: new Uint8Array(64).fill(0xff) },
    ];
    expect(check([...inadmissible, job])).toEqual([false, false, false, false, false, true]);
    expect(seen).toEqual([job]);
  });

  test('[ED1] verifies without a platform when given the equation itself', () => {
    const { check } = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });
    expect(check([honest(1), forged, mixedOrder])).toEqual([true, false, false]);
  });

  test('[ED7] takes a port that loses a verdict for broken', () => {
    const { check } = createSignatureChecker({ verifyBatch: () => [true] });
    expect(() => check([honest(1), honest(2)])).toThrow('1 verdicts for 2 jobs');
  });
});

describe('createKeyVerdicts', () => {
  test('[ED5] decides once a key and lets the oldest go at the limit', () => {
    const decided: number[] = [];
    const keys = createKeyVerdicts(2, (key) => decided.push(key[0]!) > 0 && key[0] !== 2);
    const ask = (first: number) => keys.isAdmissible(new Uint8Array(32).fill(first));
    expect([1, 1, 2, 2, 1].map(ask)).toEqual([true, true, false, false, true]);
    expect(decided).toEqual([1, 2]);
    ask(3);
    expect(ask(2)).toBe(false);
    expect(decided).toEqual([1, 2, 3]);
    ask(1);
    expect(decided).toEqual([1, 2, 3, 1]);
  });

  test('refuses to remember nothing', () => {
    expect(() => createKeyVerdicts(0, () => true)).toThrow(RangeError);
  });
});
