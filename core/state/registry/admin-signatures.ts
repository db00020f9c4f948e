import { equalBytes } from '../../bytes/index.ts';
import { opaque, struct, vector, type Decoded } from '../../codec/index.ts';
import { checkSignaturesAtOnce } from '../../crypto/index.ts';
import { dsseVerifyJob } from '../../dsse/index.ts';
import { ACTOR_BYTES, SIGNATURE_BYTES } from '../../event/index.ts';
import type { Position } from '../rule.ts';
import { MAX_ADMINS, type AdminRoot } from './admin-root.ts';
import type { SignerRefusal } from './refusal.ts';

/** One of DSSE, with the key that it was made with instead of a hint. */
const adminSignature = struct('AdminSignature', { key: opaque(ACTOR_BYTES), signature: opaque(SIGNATURE_BYTES) });

/** A rotation has those of two roots. */
export const adminSignatures = vector(adminSignature, 2 * MAX_ADMINS);

export type AdminSignature = Decoded<typeof adminSignature>;

/** A statement as it was signed (DSSE): the type tells what the payload is, so that no signature serves for another. */
export interface SignedStatement {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly AdminSignature[];
}

/**
 * Whether each of these roots signed by its threshold (`AR4`). Narrower than DSSE, which passes over what does not count: in a log that
 * everyone reads, every signature is of a distinct key of one of the roots, and verifies. The arithmetic comes last.
 */
export function checkSigners(
  statement: SignedStatement,
  roots: readonly Pick<AdminRoot, 'keys' | 'threshold'>[],
  revoked: readonly Uint8Array[],
  verify: NonNullable<Position['verify']> = checkSignaturesAtOnce,
): SignerRefusal | undefined {
  const { signatures } = statement;
  for (const [i, { key }] of signatures.entries()) {
    if (signatures.slice(0, i).some((earlier) => equalBytes(earlier.key, key))) return { code: 'signer-repeated', key };
    if (!roots.some(({ keys }) => isAmong(keys, key))) return { code: 'signer-unknown', key };
    if (isAmong(revoked, key)) return { code: 'signer-revoked', key };
  }
  for (const { keys, threshold } of roots) {
    const actual = signatures.filter(({ key }) => isAmong(keys, key)).length;
    if (actual < threshold) return { code: 'threshold-not-met', threshold, actual };
  }
  const verdicts = verify(signatures.map((signature) => dsseVerifyJob(statement, signature)));
  const forged = signatures.find((_, i) => verdicts[i] !== true);
  return forged && { code: 'admin-signature-invalid', key: forged.key };
}

export function isAmong(keys: readonly Uint8Array[], key: Uint8Array): boolean {
  return keys.some((other) => equalBytes(other, key));
}
