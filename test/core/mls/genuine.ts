import { createSignatureChecker, type VerifyJob } from '../../../core/index.ts';
import { createNodeVerifier } from '../../conformance/platform-verifiers.ts';

const { check } = createSignatureChecker({ verifyBatch: createNodeVerifier() });

/** Whether all of the signatures pass the admission rule, as the relay checks them. */
export function isGenuine(jobs: readonly VerifyJob[]): boolean {
  return check(jobs).every(Boolean);
}

/** Every way to flip one bit in each byte of the message, one bit a byte. */
export function* flipsOf(message: Uint8Array): Generator<readonly [number, Uint8Array]> {
  for (let offset = 0; offset < message.length; offset++) {
    const altered = message.slice();
    altered[offset] = (altered[offset] as number) ^ (1 << (offset % 8));
    yield [offset, altered];
  }
}
