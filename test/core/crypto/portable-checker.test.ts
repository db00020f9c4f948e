import { afterEach, describe, expect, test } from 'vitest';
import {
  checkSignaturesAtOnce,
  publicKeyOf,
  satisfiesEquation,
  signEd25519,
  useVerifyBatch,
  type SyncVerifyBatch,
} from '../../../core/index.ts';
import { nodeVerifyBatch } from '../../../sdk/node/index.ts';
import { signWithMixedOrderKey, signWithMixedOrderR } from './mixed-order.ts';

const portable: SyncVerifyBatch = (jobs) => jobs.map(satisfiesEquation);
const seed = new Uint8Array(32).fill(9);
const message = new Uint8Array(100).fill(1);
const good = { key: publicKeyOf(seed), message, signature: signEd25519(seed, message) };
const jobs = [
  good,
  { ...good, message: good.key },
  signWithMixedOrderKey(seed, 3),
  signWithMixedOrderR(seed, 1, message),
];

afterEach(() => useVerifyBatch(portable));

describe('signatures inside bodies', () => {
  test('[ED7] get the same verdicts from the platform as without one', () => {
    expect(checkSignaturesAtOnce(jobs)).toEqual([true, false, false, false]);
    useVerifyBatch(nodeVerifyBatch);
    expect(checkSignaturesAtOnce(jobs)).toEqual([true, false, false, false]);
  });

  test.each<[string, SyncVerifyBatch]>([
    ['takes everything', (some) => some.map(() => true)],
    ['takes nothing', (some) => some.map(() => false)],
    ['has no verdicts', () => []],
    ['looks at the key alone', (some) => some.map(({ key }) => key.length === 32)],
    ['takes what only the cofactor makes good', ([, ...others]) => [true, ...others.map((_, i) => i === 1)]],
  ])('[ED1] are not left to a platform that %s', (_what, verifyBatch) => {
    expect(() => useVerifyBatch(verifyBatch)).toThrow('no such Ed25519');
    expect(checkSignaturesAtOnce(jobs)).toEqual([true, false, false, false]);
  });
});
