import { err, toBase64Url, type Result } from '../../core/index.ts';
import { shareGroup, type Answer, type Caller, type ChainHead, type RelayRefusal } from '../../relay/index.ts';
import type { AccessGate } from '../access/gate.ts';
import type { HistoryPage } from '../sockets/stream-sockets.ts';
import type { ChainAppends } from './appends.ts';
import type { FollowedChains } from './followed-chains.ts';
import type { LiveReaders } from './live-readers.ts';
import type { Passage } from './passage.ts';
import type { ChainReads } from './reads.ts';

export interface ChainCallersParts {
  readonly head: () => ChainHead;
  readonly gate: AccessGate;
  readonly followed: FollowedChains;
  readonly reads: ChainReads;
  readonly readers: LiveReaders;
  readonly appends: ChainAppends;
}

/** Who calls on a chain, and what each may have: by its roster, and by what their accounts say of them now (`NA11`). */
export class ChainCallers {
  readonly #parts: ChainCallersParts;

  constructor(parts: ChainCallersParts) {
    this.#parts = parts;
  }

  /** Takes the caller's nonce (`RQ5`). What they read makes the next entry news to them again. */
  async admit(caller: Caller | undefined): Promise<Result<Uint8Array | undefined, RelayRefusal>> {
    const { reads, gate, followed, readers } = this.#parts;
    // Strangers first: what they ask must cost no write, and a replay of it tells nobody anything.
    if (!reads.isOpenTo(caller?.actor)) return err({ code: 'not-found' });
    const actor = gate.admit(caller);
    if (!actor.ok || actor.value === undefined) return actor;
    if (!(await followed.confirm(actor.value))) return err({ code: 'unavailable' });
    readers.arrived(toBase64Url(actor.value));
    return actor;
  }

  /** Whether both are members, whose accounts say so still where they have one. */
  async areInGroup(a: Uint8Array, b: Uint8Array): Promise<boolean> {
    const { head, followed } = this.#parts;
    if (!shareGroup(head().state, a, b)) return false;
    const areConfirmed = (await followed.confirm(a)) && (await followed.confirm(b));
    return areConfirmed && shareGroup(head().state, a, b);
  }

  /** From a stream elsewhere: judged by the roster of this moment, as one on a stream of its own (`SK11`). */
  appendFor(actor: Uint8Array, body: Uint8Array): Answer | Promise<Answer> {
    const { reads, appends } = this.#parts;
    const barred = reads.barred(actor);
    return barred === undefined ? appends.appendBody(body, toBase64Url(actor)) : err(barred);
  }

  /** Awaited only for who must be asked about (`NA11`). What can't be known ends the socket, whose reader comes again. */
  history(actor: Uint8Array, from: number, size: number): HistoryPage | Promise<HistoryPage> {
    const { reads, followed } = this.#parts;
    if (!followed.isLapsed(actor)) return reads.history(actor, from, size);
    return followed.confirm(actor).then((isConfirmed) => {
      if (!isConfirmed) throw new Error('an account can not be asked about its device');
      return reads.history(actor, from, size);
    });
  }

  /** Whoever must be asked about takes it as history, too. */
  async passageFrom(first: number, actors: readonly Uint8Array[]): Promise<Passage> {
    const { reads, followed } = this.#parts;
    const passage = await reads.passageFrom(first, actors);
    return { ...passage, ended: [...passage.ended, ...actors.filter((actor) => followed.isLapsed(actor))] };
  }
}
