import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { decode, encode, opaqueVector, optional, struct, text, vector } from '../../core/index.ts';
import { StorageError } from '../errors.ts';
import { MAX_STORAGE_KEY_LENGTH, type StorageWrite } from '../storage.ts';

/**
 * The form of a journal file: a header line, then records, each the batch of one commit:
 *
 *     uint32 length;  opaque length_check[4];  opaque checksum[16];  opaque batch[length];
 *
 * The checks are the beginnings of SHA-256 over length, and over length and batch. A last record that is not whole is what a
 * crash cut short, and never happened (`CL9`). Anything else that does not fit is damage, and is never cut away.
 */
export const JOURNAL_HEADER = Buffer.from('TeraChat journal 1\n', 'ascii');
/** Largest batch: what a reader holds in memory at once. */
const MAX_BATCH_BYTES = 128 * 1024 * 1024;
const LENGTH_BYTES = 4;
const BATCH_CHECK_OFFSET = 8;
/** What a record adds to its batch. */
const PREFIX_BYTES = 24;
/** Read at once while scanning; a larger record grows the window. */
const WINDOW_BYTES = 1024 * 1024;

const writeCodec = struct('StorageWrite', {
  key: text(MAX_STORAGE_KEY_LENGTH),
  value: optional(opaqueVector(MAX_BATCH_BYTES)),
});
const batchCodec = vector(writeCodec, 0xff_ffff);

/** Where a value lies in the file; undefined for a deletion. */
export interface JournalledWrite {
  readonly key: string;
  readonly value: { readonly offset: number; readonly length: number } | undefined;
}

export function encodeRecord(writes: readonly StorageWrite[]): Buffer {
  const batch = encode(batchCodec, writes);
  if (batch.length > MAX_BATCH_BYTES) throw new RangeError(`a batch of ${batch.length} bytes is too large`);
  const record = Buffer.alloc(PREFIX_BYTES + batch.length);
  record.writeUInt32BE(batch.length);
  record.set(lengthCheckOf(record), LENGTH_BYTES);
  record.set(batch, PREFIX_BYTES);
  record.set(batchCheckOf(record), BATCH_CHECK_OFFSET);
  return record;
}

function lengthCheckOf(record: Buffer): Buffer {
  return sha256(record.subarray(0, LENGTH_BYTES)).subarray(0, BATCH_CHECK_OFFSET - LENGTH_BYTES);
}

function batchCheckOf(record: Buffer): Buffer {
  const check = sha256(record.subarray(0, LENGTH_BYTES), record.subarray(PREFIX_BYTES));
  return check.subarray(0, PREFIX_BYTES - BATCH_CHECK_OFFSET);
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/**
 * Reads whole records from `offset` to `end`, where the file ends, and hands over their writes in order. Returns where the
 * first record begins that is not whole: the end, one that another process is still writing, or what a crash left. Throws
 * `storage-damaged` where something else is wrong.
 */
export function scanJournal(
  file: number,
  { offset, end }: { readonly offset: number; readonly end: number },
  onWrite: (write: JournalledWrite) => void,
): number {
  let start = offset;
  let windowBytes = WINDOW_BYTES;
  while (start < end) {
    const window = readRange(file, start, Math.min(windowBytes, end - start));
    let used = 0;
    let record = recordAt(window, used, end - start);
    while (record.kind === 'whole') {
      reportWrites(record.bytes, start + used, onWrite);
      used += record.bytes.length;
      record = recordAt(window, used, end - start);
    }
    start += used;
    if (record.kind === 'torn') break;
    windowBytes = Math.max(WINDOW_BYTES, record.length);
  }
  return start;
}

type Found =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** It ends beyond the window, but within the file: read on with a window of at least this length. */
  | { readonly kind: 'beyond'; readonly length: number }
  | { readonly kind: 'torn' };

/** The record at `at` of a window; `remaining` counts the file's bytes from the window's beginning. */
function recordAt(window: Buffer, at: number, remaining: number): Found {
  const isLastWindow = window.length >= remaining;
  const rest = window.subarray(at);
  if (rest.length < PREFIX_BYTES) return isLastWindow ? { kind: 'torn' } : { kind: 'beyond', length: PREFIX_BYTES };
  const batchBytes = rest.readUInt32BE(0);
  if (!lengthCheckOf(rest).equals(rest.subarray(LENGTH_BYTES, BATCH_CHECK_OFFSET))) {
    // A file system may grow a file before it writes what is in it.
    if (isLastWindow && rest.every((byte) => byte === 0)) return { kind: 'torn' };
    throw damaged('a length');
  }
  const length = PREFIX_BYTES + batchBytes;
  if (at + length > remaining) return { kind: 'torn' };
  if (length > rest.length) return { kind: 'beyond', length };
  const bytes = rest.subarray(0, length);
  if (batchCheckOf(bytes).equals(bytes.subarray(BATCH_CHECK_OFFSET, PREFIX_BYTES))) return { kind: 'whole', bytes };
  if (at + length === remaining) return { kind: 'torn' };
  throw damaged('a record');
}

function damaged(what: string): StorageError {
  return new StorageError('storage-damaged', `${what} in the journal is not what was written`);
}

function reportWrites(record: Buffer, recordOffset: number, onWrite: (write: JournalledWrite) => void): void {
  for (const { key, value } of readBatch(record.subarray(PREFIX_BYTES))) {
    const offset = value === undefined ? 0 : recordOffset + (value.byteOffset - record.byteOffset);
    onWrite({ key, value: value && { offset, length: value.length } });
  }
}

function readBatch(bytes: Buffer): readonly StorageWrite[] {
  const batch = decode(batchCodec, bytes);
  // The checksum fits, so this was written as it is: by a program that writes another form.
  if (!batch.ok) throw new StorageError('storage-damaged', `a journal record is ${batch.error.reason}`);
  return batch.value;
}

/** Exactly these bytes of the file, or fewer where it ends. */
export function readRange(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(file, bytes, filled, length - filled, offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
