import { fromHex } from '../bytes/index.ts';
import { createSignatureChecker, type SyncVerifyBatch, type VerifyJob } from './signature-checker.ts';
import { satisfiesEquation } from './signing.ts';

let checker = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });

/**
 * The whole admission rule (`ED1`–`ED7`), at once, for signatures inside a body: a rule that decides by them must give one
 * answer wherever it runs, and can't wait. Some milliseconds each where no platform serves (`useVerifyBatch`), so bodies hold
 * few of them.
 */
export function checkSignaturesAtOnce(jobs: readonly VerifyJob[]): readonly boolean[] {
  return checker.check(jobs);
}

/**
 * Takes a platform's own Ed25519 for these signatures, in all of this program: a hundred times as fast as the portable one. The
 * same verdicts either way: a platform that takes everything, nothing, or what only the cofactor makes good, throws.
 */
export function useVerifyBatch(platformVerifyBatch: SyncVerifyBatch): void {
  const [isGood, ...others] = platformVerifyBatch([GOOD, OF_ANOTHER_MESSAGE, WITH_TORSION]);
  if (isGood !== true || others.some(Boolean)) throw new Error('the platform has no such Ed25519');
  checker = createSignatureChecker({ verifyBatch: platformVerifyBatch });
}

const KEY = '197f6b23e16c8532c6abc838facd5ea789be0c76b2920334039bfa8b3d368d61';
const SIGNATURE =
  '1b897264852153725dfe8d8f3f5272d81afba341e0c652ce66fdc3145acf6d25' +
  'f19210363719e5e929dd7d3449ce06455c2b1256238024bb44d45facd9e13109';
/** By the same key over nothing, with a component of order 8 in R: good with the cofactor, and not without (`ED1`). */
const SIGNATURE_WITH_TORSION =
  '4dbb66e1e75a1b3a23a3814add3b8acb1805d2c02495c2439fb6e99eef44ee50' +
  '5b37582c76958d04e8949d8f2631e78a4d1b0ffc7117d49b9c46b85e502cbc06';

const GOOD = jobOf(SIGNATURE);
const OF_ANOTHER_MESSAGE = { ...GOOD, message: Uint8Array.of(1) };
const WITH_TORSION = jobOf(SIGNATURE_WITH_TORSION);

function jobOf(signature: string): VerifyJob {
  return { key: bytesOf(KEY), message: new Uint8Array(0), signature: bytesOf(signature) };
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array(0);
}
