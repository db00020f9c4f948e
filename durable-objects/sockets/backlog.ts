import { equalBytes, STREAM_BOUND_BYTES, STREAM_WINDOW_BYTES } from '../../core/index.ts';

/** A backlog as it is kept with its socket through hibernation. */
export interface BacklogRecord {
  readonly bytes: number;
  /** Bytes of these that came before the mark. */
  readonly marked: number;
  /** The mark that the reader has not sent back yet. */
  readonly mark: Uint8Array | undefined;
  /** When it was sent, ms since the Unix epoch. */
  readonly since: number;
}

/**
 * What went out on one socket and was not reported as taken (`SK8`). The platform queues for a reader without bound and
 * tells nobody, so this is the only measure of what a slow one costs.
 */
export class Backlog {
  #bytes: number;
  #marked: number;
  #mark: Uint8Array | undefined;
  #since: number;
  /** Bytes when it was last recorded. */
  #recorded: number;

  /** What was sent since the record was made is not in it: less than a step, which counts as sent. */
  constructor(record?: BacklogRecord, step = 0) {
    this.#recorded = record?.bytes ?? 0;
    this.#bytes = record === undefined ? 0 : record.bytes + step;
    this.#marked = record?.marked ?? 0;
    this.#mark = record?.mark;
    this.#since = record?.since ?? 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get record(): BacklogRecord {
    this.#recorded = this.#bytes;
    return { bytes: this.#bytes, marked: this.#marked, mark: this.#mark, since: this.#since };
  }

  /** Whether history waits for the reader. */
  get fillsWindow(): boolean {
    return this.#bytes >= STREAM_WINDOW_BYTES;
  }

  /** Whether nothing more may be queued for the reader. */
  get isOverBound(): boolean {
    return this.#bytes >= STREAM_BOUND_BYTES;
  }

  /** When the mark that is under way was sent; undefined where none is. */
  get askedAt(): number | undefined {
    return this.#mark === undefined ? undefined : this.#since;
  }

  isMarkDue(step: number): boolean {
    return this.#mark === undefined && this.#bytes >= step;
  }

  /** Recording costs more than sending, so it is done once a step. */
  isRecordDue(step: number): boolean {
    return this.#bytes - this.#recorded >= step;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A mark goes out, after all that was added. */
  put(mark: Uint8Array, since: number): void {
    this.#mark = mark;
    this.#since = since;
    this.#marked = this.#bytes;
  }

  /** The reader took everything before the mark. Returns how much that was; undefined for a mark that is not under way. */
  report(mark: Uint8Array): number | undefined {
    if (this.#mark === undefined || !equalBytes(this.#mark, mark)) return undefined;
    const taken = this.#marked;
    this.#bytes -= taken;
    this.#marked = 0;
    this.#mark = undefined;
    return taken;
  }
}
