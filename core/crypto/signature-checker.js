import { isAdmissibleKey, isAdmissibleSignature, isPlausibleKey } from './admission.ts';
import { createKeyVerdicts } from './key-verdicts.ts';
/** Keys whose verdict a checker remembers unless told otherwise: some 200 bytes each. */
export const DEFAULT_MAX_KEYS = 10_000;
/**
 * Makes a platform's verifier keep the admission rule (docs/spec/ed25519.md). Synchronous where the port is.
 *
 * Byte checks come first, then the platform's verifier, and last the torsion check of keys not seen before: it costs
 * ten times a verification, so only a signature that verified can cause it. A flood of forgeries can't.
 */
export function createSignatureChecker(options) {
    const { verifyBatch, maxKeys = DEFAULT_MAX_KEYS } = options;
    const keys = createKeyVerdicts(maxKeys, isAdmissibleKey);
    const check = (jobs) => {
        const plausible = jobs.every(isPlausible) ? undefined : jobs.map(isPlausible);
        const verdicts = verifyBatch(plausible ? jobs.filter((_, i) => plausible[i]) : jobs);
        if (Array.isArray(verdicts))
            return settle(jobs, plausible, verdicts, keys);
        return verdicts.then((settled) => settle(jobs, plausible, settled, keys));
    };
    // The branch above follows the port: an array for an array, a promise for a promise.
    return { check: check };
}
function isPlausible(job) {
    return isPlausibleKey(job.key) && isAdmissibleSignature(job.signature);
}
/** Puts the platform's verdicts back in place and asks for the keys of those that verified. */
function settle(jobs, plausible, verdicts, keys) {
    const expected = plausible ? plausible.filter(Boolean).length : jobs.length;
    if (verdicts.length !== expected)
        throw new Error(`the verifier gave ${verdicts.length} verdicts for ${expected} jobs`);
    let next = 0;
    return jobs.map((job, i) => {
        if (plausible && !plausible[i])
            return false;
        return verdicts[next++] === true && keys.isAdmissible(job.key);
    });
}
