import {
  chainSigner,
  decideFlush,
  signCheckpoint,
  type Candidate,
  type ChainHead,
  type CheckpointKey,
  type Decision,
  type Flush,
} from '../../relay/index.ts';
import { reportIncident } from '../platform/incident.ts';
import type { NoteSigner } from '../../core/index.ts';

/** What became of one caller's candidates, with a checkpoint over everything that was accepted. */
export interface Sequenced {
  readonly decisions: readonly Decision[];
  readonly checkpoint: string;
}

/** What the sequencer needs of the object around it. */
export interface SequencerHost {
  readonly key: CheckpointKey;
  clock(): number;
  /** Reads the head back from the log; also the way out of a failed flush. */
  restoreHead(): ChainHead;
  /** Resolves when everything that was written is on disk. */
  sync(): Promise<void>;
  /** Writes a flush in one transaction, or throws and leaves nothing. */
  write(flush: Flush, previous: ChainHead): void;
  readonly log: Parameters<typeof decideFlush>[2];
  /** Runs after the write, in the same turn, for what must reach others. Not awaited. */
  announce(flush: Flush, checkpoint: string, previous: ChainHead): void;
  /** So many entries are on disk, so long after their flush began. */
  written(entries: number, ms: number): void;
}

interface Waiting {
  readonly candidates: readonly Candidate[];
  readonly resolve: (sequenced: Sequenced) => void;
  readonly reject: (cause: unknown) => void;
}

/** Candidates that may wait for one flush (`AP14`). */
const MAX_QUEUED = 16_384;

/**
 * Gives a chain its one order. What arrives in a turn is decided together, written in one transaction and covered by one
 * checkpoint signature (`AP12`): one disk flush for all of it, which is what an append costs most.
 */
export class Sequencer {
  readonly #host: SequencerHost;
  readonly #signer: NoteSigner;
  #head: ChainHead;
  #checkpoint: string | undefined;
  #queue: Waiting[] = [];
  #queued = 0;
  #isFlushing = false;

  constructor(host: SequencerHost) {
    this.#host = host;
    this.#head = host.restoreHead();
    this.#signer = chainSigner(host.key, this.#head.chain);
  }

  get head(): ChainHead {
    return this.#head;
  }

  get signer(): NoteSigner {
    return this.#signer;
  }

  /** The signed checkpoint of the head. */
  get checkpoint(): string {
    this.#checkpoint ??= signCheckpoint(this.#head, this.#signer);
    return this.#checkpoint;
  }

  /** Whether so many more candidates may wait for the next flush. */
  hasRoomFor(count: number): boolean {
    return this.#queued + count <= MAX_QUEUED;
  }

  /** Queues candidates whose signatures are verified, given room. Rejects when the outcome is unknown. */
  submit(candidates: readonly Candidate[]): Promise<Sequenced> {
    this.#queued += candidates.length;
    const sequenced = new Promise<Sequenced>((resolve, reject) => this.#queue.push({ candidates, resolve, reject }));
    this.#arm();
    return sequenced;
  }

  /**
   * One flush at a time, and the next only once the last is on disk: what arrives meanwhile shares the next disk write, so
   * the busier a chain is, the larger its flushes are.
   */
  #arm(): void {
    if (this.#isFlushing || this.#queue.length === 0) return;
    this.#isFlushing = true;
    // The only timer of an object: a pending one would keep its sockets from hibernating.
    // eslint-disable-next-line no-restricted-globals -- ends in this turn's flush, and is none while idle
    setTimeout(() => {
      void this.#flushToDisk();
    }, 0);
  }

  async #flushToDisk(): Promise<void> {
    const startedAt = this.#host.clock();
    const { size } = this.#head;
    try {
      this.#flush();
      await this.#host.sync();
      this.#host.written(this.#head.size - size, this.#host.clock() - startedAt);
    } catch (cause) {
      // The object is about to be replaced: nothing that it answered gets out past the failed write.
      reportIncident('flush-failed', cause);
    }
    this.#isFlushing = false;
    this.#arm();
  }

  /** No await from the decision to the swap of the head: nothing can come between. */
  #flush(): void {
    const waiting = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    let flush: Flush;
    try {
      const candidates = waiting.flatMap((one) => one.candidates);
      flush = decideFlush(this.#head, candidates, this.#host.log, this.#host.clock());
      if (flush.entries.length > 0) this.#host.write(flush, this.#head);
    } catch (cause) {
      this.#abandon(waiting, cause);
      return;
    }
    const previous = this.#head;
    this.#head = flush.head;
    if (flush.entries.length > 0) this.#checkpoint = undefined;
    this.#settle(waiting, flush);
    if (flush.entries.length > 0) this.#announce(flush, previous);
  }

  /** The entries stand whether or not a socket can be told. */
  #announce(flush: Flush, previous: ChainHead): void {
    try {
      this.#host.announce(flush, this.checkpoint, previous);
    } catch (cause) {
      reportIncident('announce-failed', cause);
    }
  }

  #settle(waiting: readonly Waiting[], { decisions }: Flush): void {
    const { checkpoint } = this;
    let next = 0;
    for (const { candidates, resolve } of waiting) {
      resolve({ decisions: decisions.slice(next, next + candidates.length), checkpoint });
      next += candidates.length;
    }
  }

  /** The transaction may or may not have held: only the log can say where the chain stands. */
  #abandon(waiting: readonly Waiting[], cause: unknown): void {
    // First, so that nobody waits for ever should the log not be readable either.
    for (const { reject } of waiting) reject(cause);
    this.#head = this.#host.restoreHead();
    this.#checkpoint = undefined;
  }
}
