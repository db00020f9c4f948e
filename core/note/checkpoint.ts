import { fromBase64, toBase64 } from '../bytes/index.ts';
import { HASH_BYTES } from '../merkle/index.ts';
import { err, ok, type Result } from '../result.ts';
import { isPlainText, MAX_NAME_LENGTH } from './key-name.ts';

/** A tree head in the form of C2SP tlog-checkpoint: the text that a log signs. */
export interface Checkpoint {
  /** Which log this is: one non-empty line. */
  readonly origin: string;
  /** How many leaves the tree has. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Opaque lines after the third, none empty. Logs of this project write none. */
  readonly extensions: readonly string[];
}

/** The text is no checkpoint (`TR6`). */
export interface CheckpointRefusal {
  readonly code: 'checkpoint-malformed' | 'checkpoint-size-too-large';
}

/** The one spelling of a checkpoint (`TR6`), ending in a newline. Values are the program's own: misfits throw. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`${size} is no tree size`);
  if (root.length !== HASH_BYTES) throw new RangeError('a root has 32 bytes');
  if (![origin, ...extensions].every(isLine)) throw new RangeError('an origin or extension is one non-empty line');
  return `${[origin, String(size), toBase64(root), ...extensions].join('\n')}\n`;
}

/**
 * Parses a checkpoint's text, without signatures (`TR6`). Refuses leading zeros, signs and spaces in the size, a size above
 * 2^53 - 1, a root that is not the base64 of 32 bytes, empty lines, and a missing last newline.
 */
export function parseCheckpoint(text: string): Result<Checkpoint, CheckpointRefusal> {
  const [origin = '', size = '', encodedRoot = '', ...extensions] = text.slice(0, -1).split('\n');
  const root = fromBase64(encodedRoot);
  const isWellFormed = text.endsWith('\n') && [origin, ...extensions].every(isLine) && /^(?:0|[1-9][0-9]*)$/.test(size);
  if (!isWellFormed || root?.length !== HASH_BYTES) return err({ code: 'checkpoint-malformed' });
  if (!Number.isSafeInteger(Number(size))) return err({ code: 'checkpoint-size-too-large' });
  return ok({ origin, size: Number(size), root, extensions });
}

function isLine(text: string): boolean {
  return text.length > 0 && text.length <= MAX_NAME_LENGTH && isPlainText(text);
}
