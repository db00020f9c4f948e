import { createSignatureChecker, type VerifyJob } from './signature-checker.ts';
import { satisfiesEquation } from './signing.ts';

const checker = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });

/**
 * The whole admission rule (`ED1`–`ED7`), at once and without a platform, for signatures inside a body: a rule that decides by them must
 * give one answer wherever it runs, and can't wait. Some milliseconds each, so bodies hold few of them.
 */
export function checkSignaturesAtOnce(jobs: readonly VerifyJob[]): readonly boolean[] {
  return checker.check(jobs);
}
