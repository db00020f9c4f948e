import type { AsyncVerifyBatch, SyncVerifyBatch, VerifyBatch } from '../crypto/index.ts';
import { err, ok, type Result } from '../result.ts';
import { parseCheckpoint, type Checkpoint, type CheckpointRefusal } from './checkpoint.ts';
import { openNote, type OpenedNote, type OpenNoteRefusal, type VerifiedSignature } from './open-note.ts';
import type { VerifierKey } from './verifier-key.ts';

/** A checkpoint that its log signed. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The signed text, byte for byte: what a witness cosigns. */
  readonly text: string;
  readonly signatures: readonly VerifiedSignature[];
}

/** Why a note is not a checkpoint of the expected log, signed by it (`TR7`). */
export type OpenCheckpointRefusal =
  OpenNoteRefusal | CheckpointRefusal | { readonly code: 'checkpoint-wrong-origin'; readonly origin: string };

/** The log whose checkpoint is expected, and who else's signatures are to be verified. */
export interface CheckpointTrust<V extends VerifyBatch> {
  readonly origin: string;
  /** The log's key: without its signature the note is refused, whoever cosigned it. */
  readonly logKey: VerifierKey;
  readonly cosigners?: readonly VerifierKey[];
  /** A signature checker's `check`. */
  readonly verify: V;
}

type Opened = Result<OpenedCheckpoint, OpenCheckpointRefusal>;

/**
 * Opens a signed checkpoint of one log (`TR5`-`TR7`): the note verifies, the log itself signed it, the text is a checkpoint and
 * its origin is the expected one. Synchronous where `verify` is.
 */
export function openCheckpoint(note: string, trust: CheckpointTrust<SyncVerifyBatch>): Opened;
export function openCheckpoint(note: string, trust: CheckpointTrust<AsyncVerifyBatch>): Promise<Opened>;
export function openCheckpoint(
  note: string,
  trust: CheckpointTrust<SyncVerifyBatch> | CheckpointTrust<AsyncVerifyBatch>,
): Opened | Promise<Opened> {
  const keys = [trust.logKey, ...(trust.cosigners ?? [])];
  // The overloads of `openNote` take either port, but not their union.
  const opened = openNote(note, keys, trust.verify as SyncVerifyBatch) as
    Result<OpenedNote, OpenNoteRefusal> | Promise<Result<OpenedNote, OpenNoteRefusal>>;
  return 'then' in opened ? opened.then((settled) => readCheckpoint(settled, trust)) : readCheckpoint(opened, trust);
}

function readCheckpoint(
  opened: Result<OpenedNote, OpenNoteRefusal>,
  { origin, logKey }: { readonly origin: string; readonly logKey: VerifierKey },
): Opened {
  if (!opened.ok) return opened;
  const { text, signatures } = opened.value;
  if (!signatures.some((signature) => signature.key === logKey)) return err({ code: 'note-unsigned' });
  const checkpoint = parseCheckpoint(text);
  if (!checkpoint.ok) return checkpoint;
  if (checkpoint.value.origin !== origin)
    return err({ code: 'checkpoint-wrong-origin', origin: checkpoint.value.origin });
  return ok({ checkpoint: checkpoint.value, text, signatures });
}
