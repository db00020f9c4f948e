import { utf8ToBytes } from '../bytes/index.ts';
import { cosignatureMessage, encodeTimestampedSignature } from './cosignature.ts';
import { assertNoteText, formatNote, type SignatureLine } from './note.ts';
import type { VerifierKey } from './verifier-key.ts';

/** A private key behind a port: core never holds it. `sign` returns the 64 bytes of Ed25519 over the message. */
export interface NoteSigner {
  readonly key: VerifierKey;
  /** Ed25519 (RFC 8032), 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** A note over `text` (which ends in a newline) with the signature of one plain Ed25519 key (`TR2`). */
export function signNote(text: string, signer: NoteSigner): string {
  assertNoteText(text);
  const { key, sign } = signer;
  if (key.algorithm !== 'ed25519') throw new RangeError('a cosignature needs a time: use cosignCheckpoint');
  return formatNote({ text, signatures: [lineOf(key, sign(utf8ToBytes(text)))] });
}

/**
 * A witness's signature line for a checkpoint's text (`TR8`). That the log only grew since the last size the witness saw is
 * for the caller to have checked; the line says that it has.
 */
export function cosignCheckpoint(checkpointText: string, signer: NoteSigner, timeSeconds: number): SignatureLine {
  assertNoteText(checkpointText);
  const { key, sign } = signer;
  if (key.algorithm !== 'cosignature-v1') throw new RangeError('only a cosignature key makes cosignatures');
  const signature = sign(cosignatureMessage(timeSeconds, checkpointText));
  return lineOf(key, encodeTimestampedSignature({ timeSeconds, signature }));
}

function lineOf(key: VerifierKey, signature: Uint8Array): SignatureLine {
  return { name: key.name, keyId: key.keyId, signature };
}
