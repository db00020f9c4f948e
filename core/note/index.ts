export { formatCheckpoint, parseCheckpoint, type Checkpoint, type CheckpointRefusal } from './checkpoint.ts';
export {
  cosignatureMessage,
  encodeTimestampedSignature,
  parseTimestampedSignature,
  type TimestampedSignature,
} from './cosignature.ts';
export { formatLogProof, parseLogProof, type LogProof, type LogProofRefusal } from './log-proof.ts';
export { isKeyName, MAX_NAME_LENGTH } from './key-name.ts';
export {
  formatNote,
  formatSignatureLine,
  MAX_NOTE_LENGTH,
  MAX_NOTE_SIGNATURES,
  parseNote,
  type Note,
  type NoteRefusal,
  type SignatureLine,
} from './note.ts';
export {
  openCheckpoint,
  type CheckpointTrust,
  type OpenCheckpointRefusal,
  type OpenedCheckpoint,
} from './open-checkpoint.ts';
export { openNote, type OpenedNote, type OpenNoteRefusal, type VerifiedSignature } from './open-note.ts';
export { cosignCheckpoint, signNote, type NoteSigner } from './sign-note.ts';
export {
  formatVkey,
  NOTE_ALGORITHMS,
  parseVkey,
  verifierKeyOf,
  type NoteAlgorithm,
  type VerifierKey,
  type VkeyRefusal,
} from './verifier-key.ts';
