import {
  appendAnswer,
  appendRequest,
  decodeTrusted,
  encode,
  fromBase64Url,
  MAX_STREAM_SOCKETS,
  ok,
  toBase64Url,
} from '../../core/index.ts';
import { CallerLimits, type Answer } from '../../relay/index.ts';
import { AccessGate } from '../access/gate.ts';
import { AccessStore } from '../access/store.ts';
import type { ChainObject } from '../chain/object.ts';
import type { Passage } from '../chain/passage.ts';
import { ChainSockets, type ChainSocketHost } from '../chain/sockets.ts';
import { JobScheduler } from '../jobs/index.ts';
import { limitsOf, type RelayEnvironment } from '../platform/environment.ts';
import { resultOf } from '../platform/remote-result.ts';
import { ShareRow, type StoredShare } from './store.ts';

/** What a share tells its chain with every answer. */
export interface ShareReport {
  /** Nobody reads here, and nobody holds a ticket. */
  readonly isEmpty: boolean;
  /** Of `readers`. */
  readonly version: string;
  /** base64url keys of those who read here; undefined where the chain knows. */
  readonly readers: readonly string[] | undefined;
}

export interface OpenShareOptions {
  readonly ctx: DurableObjectState;
  readonly env: RelayEnvironment;
  readonly share: StoredShare;
  readonly clock: () => number;
}

/** A share in the memory of its object: readers of a chain who are served here, and how far they are. */
export class OpenShare {
  readonly jobs: JobScheduler<'access' | 'unopened'>;
  readonly sockets: ChainSockets;
  readonly #chain: ChainObject;
  readonly #gate: AccessGate;
  readonly #row: ShareRow;
  /** Counts of presence are told apart from those before the object slept. */
  readonly #life = crypto.randomUUID();
  #next: number;
  #catchingUp: Promise<void> | undefined;

  constructor({ ctx, env, share, clock }: OpenShareOptions) {
    this.#chain = env.CHAIN.getByName(toBase64Url(share.chain)) as unknown as ChainObject;
    this.#row = new ShareRow(ctx.storage.sql);
    this.#next = share.next;
    const steps = {
      access: (now: number) => this.#gate.sweep(now),
      unopened: (now: number) => this.sockets.sweep(now),
    };
    this.jobs = new JobScheduler(ctx.storage, steps, clock);
    this.#gate = new AccessGate({
      store: new AccessStore(ctx.storage.sql),
      clock,
      limits: new CallerLimits(limitsOf(env)),
      share: share.share,
      scheduleSweep: (at) => this.jobs.schedule('access', at),
    });
    this.sockets = new ChainSockets(this.#hostOf(ctx, clock));
  }

  /** `size` is that of the log: where nobody reads live, the next entry is the first that this share passes on. */
  issueTicket(size: number, actor: Uint8Array, origin: string): Answer | 'full' {
    if (this.sockets.openCount + this.#gate.outstanding() >= MAX_STREAM_SOCKETS) return 'full';
    if (!this.sockets.hasLive) this.#passed(Math.max(size, this.#next));
    return this.#gate.issueTicket(actor, origin);
  }

  /** Gives its readers what is new. Where something is missing in between, it is fetched first. */
  async take(passage: Passage): Promise<void> {
    if (!this.sockets.hasLive) this.#passed(Math.max(passage.next, this.#next));
    else if (passage.first === this.#next) this.#forward(passage);
    else if (passage.next > this.#next) await this.#catchUp();
  }

  report(knownVersion: string): ShareReport {
    const version = `${this.#life}/${this.sockets.presence.version}`;
    return {
      isEmpty: this.sockets.count === 0 && this.#gate.outstanding() === 0,
      version,
      readers: version === knownVersion ? undefined : [...this.sockets.presence.keys()],
    };
  }

  #catchUp(): Promise<void> {
    this.#catchingUp ??= this.#fetchMissing().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  /** Pages until the chain has no more. What arrives meanwhile may fill the gap as well: a page that no longer fits is left. */
  async #fetchMissing(): Promise<void> {
    for (;;) {
      const readers = [...this.sockets.presence.keys()].map((key) => fromBase64Url(key) as Uint8Array);
      const passage = await resultOf(this.#chain.passageFrom(this.#next, readers));
      if (passage.next <= this.#next) return;
      if (passage.first === this.#next) this.#forward(passage);
    }
  }

  #forward(passage: Passage): void {
    this.sockets.announce(passage);
    this.#passed(passage.next);
  }

  #passed(next: number): void {
    if (next === this.#next) return;
    this.#next = next;
    this.#row.pass(next);
  }

  #hostOf(ctx: DurableObjectState, clock: () => number): ChainSocketHost {
    return {
      ctx,
      clock,
      size: () => this.#next,
      history: (actor, from) => resultOf(this.#chain.historyFor(actor, from, this.#next)),
      redeem: (ticket, origin) => this.#gate.redeem(ticket, origin),
      append: async (request, { actor }) => {
        const answer = await resultOf(this.#chain.appendFor(actor, encode(appendRequest, request)));
        return answer.ok ? ok(decodeTrusted(appendAnswer, answer.value)) : answer;
      },
      // The chain says so with every answer.
      barred: () => undefined,
      arrived: () => undefined,
      scheduleSweep: (at) => this.jobs.schedule('unopened', at),
    };
  }
}
