import { equalBytes, STREAM_BOUND_BYTES, STREAM_MARK_STEP_BYTES, STREAM_WINDOW_BYTES } from '../../core/index.ts';

/** A backlog as it is kept with its socket through hibernation. */
export interface BacklogRecord {
  readonly bytes: number;
  /** Bytes of these that came before the mark. */
  readonly marked: number;
  /** The mark that the reader has not sent back yet. */
  readonly mark: Uint8Array | undefined;
}

/**
 * What went out on one socket and was not reported as taken (`SK8`). The platform queues for a reader without bound and
 * tells nobody, so this is the only measure of what a slow one costs.
 */
export class Backlog {
  #bytes: number;
  #marked: number;
  #mark: Uint8Array | undefined;
  /** Bytes when it was last recorded. */
  #recorded: number;

  /** What was sent since the record was made is not in it: less than a step, which counts as sent. */
  constructor(record?: BacklogRecord) {
    this.#recorded = record?.bytes ?? 0;
    this.#bytes = record === undefined ? 0 : record.bytes + STREAM_MARK_STEP_BYTES;
    this.#marked = record?.marked ?? 0;
    this.#mark = record?.mark;
  }

  get record(): BacklogRecord {
    this.#recorded = this.#bytes;
    return { bytes: this.#bytes, marked: this.#marked, mark: this.#mark };
  }

  /** Whether history waits for the reader. */
  get fillsWindow(): boolean {
    return this.#bytes >= STREAM_WINDOW_BYTES;
  }

  /** Whether nothing more may be queued for the reader. */
  get isOverBound(): boolean {
    return this.#bytes >= STREAM_BOUND_BYTES;
  }

  get isMarkDue(): boolean {
    return this.#mark === undefined && this.#bytes >= STREAM_MARK_STEP_BYTES;
  }

  /** Recording costs more than sending, so it is done once a step. */
  get isRecordDue(): boolean {
    return this.#bytes - this.#recorded >= STREAM_MARK_STEP_BYTES;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A mark goes out, after all that was added. */
  put(mark: Uint8Array): void {
    this.#mark = mark;
    this.#marked = this.#bytes;
  }

  /** The reader took everything before the mark. False for one that is not under way. */
  report(mark: Uint8Array): boolean {
    if (this.#mark === undefined || !equalBytes(this.#mark, mark)) return false;
    this.#bytes -= this.#marked;
    this.#marked = 0;
    this.#mark = undefined;
    return true;
  }
}
