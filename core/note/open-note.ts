import { utf8ToBytes } from '../bytes/index.ts';
import type { AsyncVerifyBatch, SyncVerifyBatch, VerifyBatch, VerifyJob } from '../crypto/index.ts';
import { err, ok, type Result } from '../result.ts';
import { cosignatureMessage, parseTimestampedSignature } from './cosignature.ts';
import { parseNote, type NoteRefusal, type SignatureLine } from './note.ts';
import { isLineOf, type VerifierKey } from './verifier-key.ts';

/** A note that at least one known key signed, with every signature by a known key verified. */
export interface OpenedNote {
  readonly text: string;
  readonly signatures: readonly VerifiedSignature[];
}

/** A signature by a known key that holds. A cosignature says when it was made. */
export type VerifiedSignature =
  | { readonly kind: 'ed25519'; readonly key: VerifierKey }
  | { readonly kind: 'cosignature-v1'; readonly key: VerifierKey; readonly timeSeconds: number };

/** Why a note is refused: it is none, no known key signed it, or the signature of one does not hold (`TR5`). */
export type OpenNoteRefusal =
  NoteRefusal | { readonly code: 'note-unsigned' } | { readonly code: 'note-signature-invalid'; readonly name: string };

/**
 * Parses a note and verifies it (`TR5`). Signatures of unknown keys are ignored; one by a known key that does not verify
 * refuses the whole note; so does having none. `verify` keeps the admission rule: a signature checker's `check`. The
 * answer comes at once or as a promise, as `verify`'s does.
 */
export function openNote(
  note: string,
  keys: readonly VerifierKey[],
  verify: SyncVerifyBatch,
): Result<OpenedNote, OpenNoteRefusal>;
export function openNote(
  note: string,
  keys: readonly VerifierKey[],
  verify: AsyncVerifyBatch,
): Promise<Result<OpenedNote, OpenNoteRefusal>>;
export function openNote(
  note: string,
  keys: readonly VerifierKey[],
  verify: VerifyBatch,
): Result<OpenedNote, OpenNoteRefusal> | Promise<Result<OpenedNote, OpenNoteRefusal>> {
  const claims = claimsOf(note, keys);
  // A refused note verifies nothing, but still asks, so that the answer has the port's shape.
  const verdicts = verify(claims.ok ? claims.value.claims.map((claim) => claim.job) : []);
  if (Array.isArray(verdicts)) return settle(claims, verdicts);
  return verdicts.then((settled) => settle(claims, settled));
}

/** What a signature line says, before anyone looked whether it is true. */
interface Claim {
  readonly job: VerifyJob;
  readonly signature: VerifiedSignature;
}

interface Claims {
  readonly text: string;
  readonly claims: readonly Claim[];
}

function claimsOf(note: string, keys: readonly VerifierKey[]): Result<Claims, OpenNoteRefusal> {
  const parsed = parseNote(note);
  if (!parsed.ok) return parsed;
  const { text, signatures } = parsed.value;
  const claims: Claim[] = [];
  for (const line of signatures) {
    const key = keys.find((known) => isLineOf(line, known));
    if (key === undefined) continue;
    const claim = claimOf(text, line, key);
    if (claim === undefined) return err({ code: 'note-signature-invalid', name: key.name });
    claims.push(claim);
  }
  return claims.length > 0 ? ok({ text, claims }) : err({ code: 'note-unsigned' });
}

/** Undefined where the bytes don't have the form of the key's algorithm. */
function claimOf(text: string, line: SignatureLine, key: VerifierKey): Claim | undefined {
  switch (key.algorithm) {
    case 'ed25519': {
      const job = { key: key.publicKey, message: utf8ToBytes(text), signature: line.signature };
      return { job, signature: { kind: 'ed25519', key } };
    }
    case 'cosignature-v1': {
      const stamped = parseTimestampedSignature(line.signature);
      if (stamped === undefined) return undefined;
      const { timeSeconds, signature } = stamped;
      const job = { key: key.publicKey, message: cosignatureMessage(timeSeconds, text), signature };
      return { job, signature: { kind: 'cosignature-v1', key, timeSeconds } };
    }
    default:
      return key.algorithm satisfies never;
  }
}

function settle(
  claims: Result<Claims, OpenNoteRefusal>,
  verdicts: readonly boolean[],
): Result<OpenedNote, OpenNoteRefusal> {
  if (!claims.ok) return claims;
  const signatures = claims.value.claims.map((claim) => claim.signature);
  const failed = signatures.find((_, i) => verdicts[i] !== true);
  if (failed !== undefined) return err({ code: 'note-signature-invalid', name: failed.key.name });
  return ok({ text: claims.value.text, signatures });
}
