import { utf8ToBytes } from '../bytes/index.ts';
import { cosignatureMessage, encodeTimestampedSignature } from './cosignature.ts';
import { assertNoteText, formatNote } from './note.ts';
/** A note over `text` (which ends in a newline) with the signature of one plain Ed25519 key (`TR2`). */
export function signNote(text, signer) {
    assertNoteText(text);
    const { key, sign } = signer;
    if (key.algorithm !== 'ed25519')
        throw new RangeError('a cosignature needs a time: use cosignCheckpoint');
    return formatNote({ text, signatures: [lineOf(key, sign(utf8ToBytes(text)))] });
}
/**
 * A witness's signature line for a checkpoint's text (`TR8`). That the log only grew since the last size the witness saw is
 * for the caller to have checked; the line says that it has.
 */
export function cosignCheckpoint(checkpointText, signer, timeSeconds) {
    assertNoteText(checkpointText);
    const { key, sign } = signer;
    if (key.algorithm !== 'cosignature-v1')
        throw new RangeError('only a cosignature key makes cosignatures');
    const signature = sign(cosignatureMessage(timeSeconds, checkpointText));
    return lineOf(key, encodeTimestampedSignature({ timeSeconds, signature }));
}
function lineOf(key, signature) {
    return { name: key.name, keyId: key.keyId, signature };
}
