import {
  chainSigner,
  FlushDraft,
  signCheckpoint,
  type Candidate,
  type ChainHead,
  type CheckpointKey,
  type Decision,
  type Flush,
  type LogReader,
  type PolicyQuestion,
} from '../../relay/index.ts';
import { reportIncident } from '../platform/incident.ts';
import type { NoteSigner, PolicyVerdict } from '../../core/index.ts';

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
  readonly log: LogReader;
  /** Has the chain's policy decide over the first events of a question, at least one. Rejects where it can't be asked. */
  askPolicy(question: PolicyQuestion): Promise<readonly PolicyVerdict[]>;
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

interface Begun {
  readonly waiting: readonly Waiting[];
  readonly draft: FlushDraft;
}

/** Candidates that may wait for one flush (`AP14`). */
const MAX_QUEUED = 16_384;
/** Candidates after which a flush that a policy decides takes no more: nobody is answered before all of it is decided (`PX9`). */
const POLICY_FLUSH = 512;

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
      const begun = this.#begin(startedAt);
      // Chains without a policy are decided and written within this turn.
      if (begun?.draft.isDecided === false) await this.#ask(begun.draft);
      if (begun !== undefined) this.#conclude(begun);
      await this.#host.sync();
      this.#host.written(this.#head.size - size, this.#host.clock() - startedAt);
    } catch (cause) {
      // The object is about to be replaced: nothing that it answered gets out past the failed write.
      reportIncident('flush-failed', cause);
    }
    this.#isFlushing = false;
    this.#arm();
  }

  #begin(clock: number): Begun | undefined {
    const waiting = this.#takeWaiting();
    try {
      const candidates = waiting.flatMap((one) => one.candidates);
      return { waiting, draft: new FlushDraft(this.#head, candidates, { log: this.#host.log, clock }) };
    } catch (cause) {
      this.#abandon(waiting, cause);
      return undefined;
    }
  }

  #takeWaiting(): readonly Waiting[] {
    const queue = this.#queue;
    let count = queue.length;
    if (hasPolicy(this.#head)) {
      let candidates = 0;
      count = queue.findIndex((one) => (candidates += one.candidates.length) >= POLICY_FLUSH) + 1 || count;
    }
    this.#queue = queue.slice(count);
    const taken = queue.slice(0, count);
    for (const { candidates } of taken) this.#queued -= candidates.length;
    return taken;
  }

  /** What arrives meanwhile waits for the next flush. A policy that can't be asked decides nothing, and keeps nothing else. */
  async #ask(draft: FlushDraft): Promise<void> {
    try {
      for (let question = draft.question; question !== undefined; question = draft.question) {
        draft.answer(await this.#host.askPolicy(question));
      }
    } catch (cause) {
      reportIncident('policy-not-asked', cause);
    }
  }

  /** No await from here to the swap of the head: nothing can come between. */
  #conclude({ waiting, draft }: Begun): void {
    let flush: Flush;
    try {
      draft.leaveUndecided();
      flush = draft.finish();
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

function hasPolicy({ state }: ChainHead): boolean {
  return state.kind === 'group' && state.value.policy !== undefined;
}
