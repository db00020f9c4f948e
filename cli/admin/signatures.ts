import {
  ACTOR_BYTES,
  checkSignaturesAtOnce,
  currentRoot,
  dsseVerifyJob,
  equalBytes,
  fromBase64Url,
  type AdminStatement,
  type DsseEnvelope,
  type KnownRegistry,
} from '../../core/index.ts';
import { fingerprintOf } from '../../sdk/index.ts';
import { Failure } from '../failure.ts';

/** The keys that signed, as the envelope names them. A registry refuses an envelope for one signature that does not verify, so this does too. */
export function signersOf(envelope: DsseEnvelope): readonly Uint8Array[] {
  const keys = envelope.signatures.map(({ keyId, signature }, i) => {
    const key = fromBase64Url(keyId ?? '');
    if (key?.length !== ACTOR_BYTES) {
      const message = `Signature ${i + 1} of this statement names no key.`;
      throw new Failure('failed', 'signer-unknown', message, 'Take it out, or begin with a copy without it.');
    }
    if (checkSignaturesAtOnce([dsseVerifyJob(envelope, { key, signature })])[0] !== true) {
      const message = `A signature under the key ${fingerprintOf(key)} is not of that key, or not of this statement.`;
      throw new Failure('unverified', 'admin-signature-invalid', message, 'Ask its owner for their copy again.');
    }
    return key;
  });
  return keys.filter((key, i) => !isAmong(keys.slice(0, i), key));
}

/** How far the signatures go for one of the roots that have to sign. */
export interface Tally {
  readonly root: 'in force' | 'next';
  readonly threshold: number;
  readonly signed: readonly Uint8Array[];
  readonly missing: readonly Uint8Array[];
}

/** For each root that has to sign. The one in force is known from the registry's log alone. */
export function tallyOf(
  signers: readonly Uint8Array[],
  statement: AdminStatement,
  registry: KnownRegistry | undefined,
): readonly Tally[] {
  const roots = [
    ...(registry === undefined ? [] : [{ root: 'in force' as const, ...currentRoot(registry.state) }]),
    ...(statement.kind === 'rotation' ? [{ root: 'next' as const, ...statement.value.root }] : []),
  ];
  return roots.map(({ root, threshold, keys }) => ({
    root,
    threshold,
    signed: keys.filter((key) => isAmong(signers, key)),
    missing: keys.filter((key) => !isAmong(signers, key)),
  }));
}

/** A line for each root: how many signed, and who else could. */
export function tallyText(tallies: readonly Tally[]): string {
  return tallies
    .map(({ root, threshold, signed, missing }) => {
      const have = `  ${signed.length} of the ${threshold} signatures that the root ${root === 'next' ? 'to come' : 'in force'} takes`;
      if (signed.length >= threshold) return have;
      return `${have}; still to sign, any of:\n${missing.map((key) => `    ${fingerprintOf(key)}`).join('\n')}`;
    })
    .join('\n');
}

export function isAmong(keys: readonly Uint8Array[], key: Uint8Array): boolean {
  return keys.some((other) => equalBytes(other, key));
}
