import { err, MAX_SHARES, toBase64Url } from '../../core/index.ts';
import { ShareReaders, type Answer, type ReaderChange } from '../../relay/index.ts';
import type { FanoutObject } from '../fanout/object.ts';
import type { ShareReport } from '../fanout/open-share.ts';
import { shareName } from '../fanout/share-name.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import { reportIncident } from '../platform/incident.ts';
import { resultOf } from '../platform/remote-result.ts';
import type { Passage } from './passage.ts';
import type { ShareStore } from './store/shares.ts';

/** Passages to one share that wait for its answer. What comes meanwhile it fetches itself: it sees the gap. */
const MAX_PASSAGES_UNDER_WAY = 16;

export interface ShareHost {
  readonly env: RelayEnvironment;
  readonly chain: Uint8Array;
  readonly store: ShareStore;
  size(): number;
  /** Has `tellAll` run soon. */
  schedule(): void;
  /** Readers of a share came and went; what came up to `next` they have. */
  changed(change: ReaderChange, next: number): void;
}

interface Share {
  readonly number: number;
  /** Passages without an answer. */
  underWay: number;
  /** Tickets that were asked for. */
  asked: number;
  /** Of the readers that it last told. */
  version: string;
}

/**
 * The fan-out of a chain past the sockets that it serves itself (`SK12`): each share holds as many and gets every flush once.
 * Nothing here is waited for by an append: a share that does not answer catches up by itself.
 */
export class ChainShares {
  readonly #host: ShareHost;
  readonly #shares = new Map<number, Share>();
  readonly #readers = new ShareReaders();
  /** The share that last had room. */
  #favourite = 1;

  constructor(host: ShareHost) {
    this.#host = host;
    for (const number of host.store.list()) this.#shares.set(number, newShare(number));
  }

  get isAny(): boolean {
    return this.#shares.size > 0;
  }

  isPresent(key: string): boolean {
    return this.#readers.has(key);
  }

  /** A ticket for the first share that has room, registered before it can have a reader. */
  async issueTicket(actor: Uint8Array, origin: string): Promise<Answer> {
    for (const number of this.#candidates()) {
      const share = this.#register(number);
      // Counted before it is asked: a share that was empty until then is not dropped.
      share.asked += 1;
      const ticket = await this.#ask(number, actor, origin);
      if (ticket === 'full') continue;
      this.#favourite = number;
      return ticket;
    }
    return err({ code: 'too-many-subscribers' });
  }

  /** Sends a flush to every share. */
  announce(passage: Passage): void {
    for (const share of this.#shares.values()) {
      if (share.underWay < MAX_PASSAGES_UNDER_WAY) void this.#pass(share, passage).catch(() => undefined);
    }
  }

  /**
   * Job step: tells every share where the log ends, so that what an answer or a crash has swallowed reaches its readers, and
   * asks who these are. Throws where one does not answer, to be run again.
   */
  async tellAll(): Promise<undefined> {
    const size = this.#host.size();
    const shares = [...this.#shares.values()];
    const told = await Promise.allSettled(
      shares.map((share) => this.#pass(share, { first: size, next: size, frames: [], ended: [] })),
    );
    const failed = told.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }

  async #ask(number: number, actor: Uint8Array, origin: string): Promise<Answer | 'full'> {
    const { chain } = this.#host;
    try {
      const reader = { actor, origin };
      const issued = this.#stub(number).issueTicket({ chain, share: number, size: this.#host.size() }, reader);
      return (await resultOf(issued)).answer;
    } catch (cause) {
      reportIncident('share-failed', cause);
      return err({ code: 'unavailable' });
    }
  }

  async #pass(share: Share, passage: Passage): Promise<void> {
    const { asked } = share;
    share.underWay += 1;
    try {
      const report = await resultOf(this.#stub(share.number).pass(passage, share.version));
      share.underWay -= 1;
      this.#take(share, report, passage.next);
      if (report.isEmpty && share.asked === asked && share.underWay === 0) this.#drop(share);
    } catch (cause) {
      share.underWay -= 1;
      reportIncident('share-failed', cause);
      // Its readers may have missed this: they are told as if they were away.
      this.#take(share, { isEmpty: false, version: '', readers: [] }, passage.next);
      this.#host.schedule();
      throw cause;
    }
  }

  #take(share: Share, { version, readers }: ShareReport, next: number): void {
    if (readers === undefined) return;
    share.version = version;
    this.#host.changed(this.#readers.replace(share.number, readers), next);
  }

  #drop({ number }: Share): void {
    this.#host.store.drop(number);
    this.#shares.delete(number);
  }

  #register(number: number): Share {
    const held = this.#shares.get(number);
    if (held !== undefined) return held;
    const share = newShare(number);
    this.#host.store.register(number);
    this.#shares.set(number, share);
    return share;
  }

  /** The one that last had room, then the others, then one more. */
  #candidates(): Set<number> {
    const registered = [...this.#shares.keys()].sort((a, b) => a - b);
    let unused = 1;
    while (this.#shares.has(unused)) unused += 1;
    const favourite = this.#shares.has(this.#favourite) ? [this.#favourite] : [];
    return new Set([...favourite, ...registered, ...(unused <= MAX_SHARES ? [unused] : [])]);
  }

  #stub(number: number): FanoutObject {
    return this.#host.env.FANOUT.getByName(shareName(toBase64Url(this.#host.chain), number)) as unknown as FanoutObject;
  }
}

function newShare(number: number): Share {
  return { number, underWay: 0, asked: 0, version: '' };
}
