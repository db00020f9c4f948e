import {
  closeSync,
  constants,
  fsync,
  fsyncSync,
  ftruncateSync,
  fstatSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StorageError } from '../errors.ts';
import type { StorageWrite } from '../storage.ts';
import { encodeRecord, JOURNAL_HEADER, readRange, scanJournal } from './journal.ts';

/** Below this a journal is never rewritten; above, when less than half of it is still of use. */
const COMPACTION_BYTES = 4 * 1024 * 1024;
/** Values of one record in a rewritten journal. */
const COMPACTION_BATCH_BYTES = 1024 * 1024;

interface Place {
  readonly offset: number;
  readonly length: number;
}

/**
 * One journal, open: an index of where each value lies, brought up to date from the file before each use, since other
 * processes write to it too. Writing is for the caller to serialise among all processes.
 */
export class JournalFile {
  readonly #folder: string;
  readonly #path: string;
  #file: number;
  #inode: number;
  /** Up to here the index is of the file. */
  #scanned = JOURNAL_HEADER.length;
  #liveBytes = 0;
  readonly #places = new Map<string, Place>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, 'journal');
    this.#file = openSync(this.#path, openFlags, 0o600);
    this.#inode = fstatSync(this.#file).ino;
    this.#refresh();
  }

  read(key: string): Uint8Array | undefined {
    this.#refresh();
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    const bytes = readRange(this.#file, place.offset, place.length);
    if (bytes.length !== place.length) throw new StorageError('storage-damaged', 'the journal was cut short');
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  keys(): readonly string[] {
    this.#refresh();
    return [...this.#places.keys()];
  }

  /** Durable when it resolves. What a failed write left behind is cut away by the next. */
  async append(writes: readonly StorageWrite[]): Promise<void> {
    const record = encodeRecord(writes);
    this.#refresh();
    const { size } = fstatSync(this.#file);
    // Whoever holds the write lock sees only what a crashed writer left.
    if (size > this.#scanned) ftruncateSync(this.#file, this.#scanned);
    try {
      if (this.#scanned === JOURNAL_HEADER.length) this.#begin();
      writeWhole(this.#file, record, this.#scanned);
      await promisify(fsync)(this.#file);
    } catch (cause) {
      throw new StorageError('storage-failed', `${this.#path} can't be written`, cause);
    }
    this.#refresh();
    if (this.#scanned > COMPACTION_BYTES && this.#liveBytes < this.#scanned / 2) this.#tryToCompact();
  }

  close(): void {
    closeSync(this.#file);
  }

  /** A new journal's header, and its name in the folder, must be as durable as the first record. */
  #begin(): void {
    writeWhole(this.#file, JOURNAL_HEADER, 0);
    syncFolder(this.#folder);
  }

  #refresh(): void {
    const { ino, size } = this.#stat();
    if (ino !== this.#inode) this.#reopen();
    if (size === 0 || (ino === this.#inode && size <= this.#scanned)) return;
    this.#checkHeader();
    const end = fstatSync(this.#file).size;
    this.#scanned = scanJournal(this.#file, { offset: this.#scanned, end }, ({ key, value }) => {
      this.#place(key, value);
    });
  }

  /** By name and not by descriptor: another process may have put a rewritten journal in its place. */
  #stat(): Stats {
    try {
      return statSync(this.#path);
    } catch (cause) {
      throw new StorageError('storage-damaged', `${this.#path} is gone`, cause);
    }
  }

  #reopen(): void {
    closeSync(this.#file);
    this.#file = openSync(this.#path, openFlags, 0o600);
    this.#inode = fstatSync(this.#file).ino;
    this.#scanned = JOURNAL_HEADER.length;
    this.#liveBytes = 0;
    this.#places.clear();
  }

  #checkHeader(): void {
    const header = readRange(this.#file, 0, JOURNAL_HEADER.length);
    const isOurs = JOURNAL_HEADER.subarray(0, header.length).equals(header);
    if (!isOurs) throw new StorageError('storage-damaged', `${this.#path} is no journal of this version`);
  }

  #place(key: string, place: Place | undefined): void {
    const old = this.#places.get(key);
    if (old !== undefined) this.#liveBytes -= key.length + old.length;
    if (place === undefined) {
      this.#places.delete(key);
      return;
    }
    this.#places.set(key, place);
    this.#liveBytes += key.length + place.length;
  }

  /** What was appended stands whether or not there is room to rewrite the rest; the next commit tries again. */
  #tryToCompact(): void {
    try {
      this.#compact();
    } catch {
      this.#refresh();
    }
  }

  /** Writes what is of use to a new file and puts that in the place of the old one, in one step. */
  #compact(): void {
    const path = `${this.#path}.new`;
    const file = openSync(path, 'w', 0o600);
    try {
      writeWhole(file, JOURNAL_HEADER, 0);
      let offset = JOURNAL_HEADER.length;
      for (const batch of this.#liveBatches()) offset += writeWhole(file, encodeRecord(batch), offset);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(path, this.#path);
    syncFolder(this.#folder);
    this.#refresh();
  }

  *#liveBatches(): Generator<StorageWrite[]> {
    let batch: StorageWrite[] = [];
    let bytes = 0;
    for (const [key, { offset, length }] of this.#places) {
      batch.push({ key, value: readRange(this.#file, offset, length) });
      bytes += length;
      if (bytes < COMPACTION_BATCH_BYTES) continue;
      yield batch;
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) yield batch;
  }
}

/** Read, write at any place, make where missing, never truncate: the journal may be another process's already. */
const openFlags = constants.O_RDWR | constants.O_CREAT;

function writeWhole(file: number, bytes: Buffer, offset: number): number {
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written, bytes.length - written, offset + written);
  return written;
}

/** A rename or a new name is only durable once the folder is. Systems that can't sync one do so by themselves. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
