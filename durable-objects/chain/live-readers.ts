import { fromBase64Url, MAX_STREAM_SOCKETS } from '../../core/index.ts';
import { Audience, type Answer, type ChainHead, type Flush, type ReaderChange } from '../../relay/index.ts';
import type { AccessGate } from '../access/gate.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import type { FlushWriter } from './flush-writer.ts';
import type { FollowedChains } from './followed-chains.ts';
import { passageOf } from './passage.ts';
import { ChainShares } from './shares.ts';
import type { ChainSockets } from './sockets.ts';
import type { ChainStore } from './store.ts';

export interface LiveReadersHost {
  readonly env: RelayEnvironment;
  readonly chain: Uint8Array;
  readonly store: ChainStore;
  readonly clock: () => number;
  readonly sockets: ChainSockets;
  readonly gate: AccessGate;
  readonly followed: FollowedChains;
  readonly writer: FlushWriter;
  readonly head: () => ChainHead;
  readonly scheduleShares: (dueAt: number) => void;
}

/** Within this time of a flush, each share has been told of it once more, and has told who reads there. */
const SHARES_TOLD_WITHIN_MS = 30_000;
const SHARE_RETRY_MS = 1_000;

/** Who reads a chain live, here or in a share, and which of its members is told by a poke instead. */
export class LiveReaders {
  readonly #host: LiveReadersHost;
  readonly #shares: ChainShares;
  readonly #audience = new Audience();

  constructor(host: LiveReadersHost) {
    this.#host = host;
    this.#shares = new ChainShares({
      env: host.env,
      chain: host.chain,
      store: host.store.shares,
      size: () => host.head().size,
      schedule: () => host.scheduleShares(host.clock() + SHARE_RETRY_MS),
      changed: (change, next) => this.#noteChange(change, next),
    });
  }

  /** Here while there is room, then in a share. */
  issueTicket(actor: Uint8Array, origin: string): Answer | Promise<Answer> {
    const { sockets, gate } = this.#host;
    const taken = sockets.openCount + gate.outstanding();
    return taken < MAX_STREAM_SOCKETS ? gate.issueTicket(actor, origin) : this.#shares.issueTicket(actor, origin);
  }

  /** This member reads: whatever comes after is news to them again. */
  arrived(member: string): void {
    this.#audience.arrived(member);
  }

  /** Members to poke for a flush. */
  awayFrom(flush: Flush): readonly Uint8Array[] {
    return this.#audience.awayFrom(flush, (member) => this.#isPresent(member));
  }

  /** A flush is being written, with pokes for these. Part of its transaction: whatever becomes of its announcement, each share hears of it. */
  written(away: readonly Uint8Array[], clock: number): void {
    this.#audience.told(away);
    if (this.#shares.isAny) this.#host.scheduleShares(clock + SHARES_TOLD_WITHIN_MS);
  }

  announce(flush: Flush, checkpoint: string, previous: ChainHead): void {
    const { sockets, followed } = this.#host;
    if (!sockets.hasLive && !this.#shares.isAny) return;
    const told = passageOf(flush, checkpoint, previous);
    // `NA11`: these take it as history, which asks first.
    const passage = { ...told, ended: [...told.ended, ...followed.lapsedMembers()] };
    sockets.announce(passage);
    this.#shares.announce(passage);
  }

  /** Job step: each share hears where the log ends, and says who reads there. */
  tellShares(): Promise<undefined> {
    return this.#shares.tellAll();
  }

  /** Who turns out to read needs no poke for what they got; who turns out to have gone get theirs. */
  #noteChange({ arrived, departed }: ReaderChange, next: number): void {
    const { store, head, writer, clock } = this.#host;
    for (const key of arrived) {
      store.pokes.settle(fromBase64Url(key) as Uint8Array, next - 1);
      this.#audience.arrived(key);
    }
    const away = this.#audience.departed(head().state, departed, (member) => this.#isPresent(member));
    writer.poke(away, head(), clock());
    this.#audience.told(away);
  }

  #isPresent(member: string): boolean {
    return this.#host.sockets.presence.has(member) || this.#shares.isPresent(member);
  }
}
