import { isAdmissibleKey, isAdmissibleSignature, isPlausibleKey } from './admission.ts';
import { createKeyVerdicts, type KeyVerdicts } from './key-verdicts.ts';
import { verifyP256 } from './p256.ts';

/**
 * One signature to verify: the signed bytes as they were received, a 32-byte key and 64-byte signature R || S of Ed25519, or
 * a 65-byte key and DER signature of P-256, which MLS groups may have (`ML8`).
 */
export interface VerifyJob {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The port to a platform's verifier: one verdict a job, in order. An implementation computes the cofactorless equation
 * and never throws for what a job holds; where an import refuses a key, the verdict is `false`. It sees only jobs that
 * passed the byte checks of the admission rule, and need not repeat them.
 */
export type VerifyBatch = (jobs: readonly VerifyJob[]) => boolean[] | Promise<boolean[]>;
/** A port that answers at once, such as `node:crypto`. */
export type SyncVerifyBatch = (jobs: readonly VerifyJob[]) => boolean[];
/** A port that answers later, such as Web Crypto. */
export type AsyncVerifyBatch = (jobs: readonly VerifyJob[]) => Promise<boolean[]>;

/** Verifies signatures by the whole admission rule (`ED1`–`ED7`). */
export interface SignatureChecker<V extends VerifyBatch> {
  /** The verdicts of the whole admission rule, in the order of the jobs; never throws for what a job holds. */
  check(jobs: readonly VerifyJob[]): ReturnType<V>;
}

/** Keys whose verdict a checker remembers unless told otherwise: some 200 bytes each. */
export const DEFAULT_MAX_KEYS = 10_000;

/**
 * Makes a platform's verifier keep the admission rule (docs/spec/ed25519.md). Synchronous where the port is.
 *
 * Byte checks come first, then the platform's verifier, and last the torsion check of keys not seen before: it costs
 * ten times a verification, so only a signature that verified can cause it. A flood of forgeries can't. Jobs with a key of
 * P-256 never reach the port.
 */
export function createSignatureChecker<V extends VerifyBatch>(options: {
  readonly verifyBatch: V;
  readonly maxKeys?: number;
}): SignatureChecker<V> {
  const { verifyBatch, maxKeys = DEFAULT_MAX_KEYS } = options;
  const keys = createKeyVerdicts(maxKeys, isAdmissibleKey);
  const check = (jobs: readonly VerifyJob[]) => {
    const plausible = jobs.every(isPlausible) ? undefined : jobs.map(isPlausible);
    const verdicts = verifyBatch(plausible ? jobs.filter((_, i) => plausible[i]) : jobs);
    if (Array.isArray(verdicts)) return settle(jobs, plausible, verdicts, keys);
    return verdicts.then((settled) => settle(jobs, plausible, settled, keys));
  };
  // The branch above follows the port: an array for an array, a promise for a promise.
  return { check: check as (jobs: readonly VerifyJob[]) => ReturnType<V> };
}

function isPlausible(job: VerifyJob): boolean {
  return isPlausibleKey(job.key) && isAdmissibleSignature(job.signature);
}

/** Puts the platform's verdicts back in place and asks for the keys of those that verified. */
function settle(
  jobs: readonly VerifyJob[],
  plausible: readonly boolean[] | undefined,
  verdicts: readonly boolean[],
  keys: KeyVerdicts,
): boolean[] {
  const expected = plausible ? plausible.filter(Boolean).length : jobs.length;
  if (verdicts.length !== expected)
    throw new Error(`the verifier gave ${verdicts.length} verdicts for ${expected} jobs`);
  let next = 0;
  return jobs.map((job, i) => {
    if (plausible && !plausible[i]) return verifyP256(job);
    return verdicts[next++] === true && keys.isAdmissible(job.key);
  });
}
