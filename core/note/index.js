export { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
export { cosignatureMessage, encodeTimestampedSignature, parseTimestampedSignature, } from './cosignature.ts';
export { formatLogProof, parseLogProof } from './log-proof.ts';
export { isKeyName, MAX_NAME_LENGTH } from './key-name.ts';
export { formatNote, formatSignatureLine, MAX_NOTE_LENGTH, MAX_NOTE_SIGNATURES, parseNote, } from './note.ts';
export { openCheckpoint, } from './open-checkpoint.ts';
export { openNote } from './open-note.ts';
export { cosignCheckpoint, signNote } from './sign-note.ts';
export { formatVkey, NOTE_ALGORITHMS, parseVkey, verifierKeyOf, } from './verifier-key.ts';
