import { STREAM_MARK_STEP_BYTES } from '../../core/index.ts';

const MIB = 1_048_576;

/** What is unreported on all sockets of one object together (`SK15`): a quarter of what the platform gives an isolate. */
export const MAX_QUEUED_BYTES = 32 * MIB;
/** The last of it is for answers: an entry can wait in the log, an answer nowhere. */
const ANSWER_RESERVE_BYTES = 8 * MIB;
/** Readers who owe less than a step are not asked: together they may owe this. */
const UNASKED_BYTES = 8 * MIB;

/** Counts what an object has queued for its readers. Bytes are free again when they are reported, or their connection has ended. */
export class QueueBudget {
  readonly #freed: () => void;
  #taken = 0;

  constructor(freed: () => void) {
    this.#freed = freed;
  }

  /** Bytes of entries that may be queued now. */
  get free(): number {
    return MAX_QUEUED_BYTES - ANSWER_RESERVE_BYTES - this.#taken;
  }

  get takesAnswers(): boolean {
    return this.#taken < MAX_QUEUED_BYTES;
  }

  take(bytes: number): void {
    this.#taken += bytes;
  }

  give(bytes: number): void {
    if (bytes === 0) return;
    this.#taken -= bytes;
    this.#freed();
  }

  /**
   * Whether a reader who owes `owed` bytes gets so many more. Nobody gets more than what is left for others: however many don't
   * read, one who does finds room (dynamic thresholds, Choudhury and Hahne 1998).
   */
  hasRoomFor(bytes: number, owed: number): boolean {
    return owed + bytes <= this.free;
  }
}

/** Unreported bytes at which a reader is asked how far it came, where an object has so many sockets (`SK8`). */
export function markStepOf(sockets: number): number {
  return Math.min(STREAM_MARK_STEP_BYTES, Math.floor(UNASKED_BYTES / sockets));
}
