import { DurableObject } from 'cloudflare:workers';
import {
  countFounding,
  redeemInvitation,
  type FoundingRequest,
  type FoundingCount,
  type RelayRefusal,
} from '../../relay/index.ts';
import type { RelayEnvironment } from '../platform/environment.ts';

const COUNT = 'count';
const IS_ADMITTED = 'admitted';
const ACTORS = 'actors';

/** How long a row may stay after its time: nothing depends on when exactly it goes. */
const GRACE_MS = 60_000;

/**
 * What the admission of founders must not forget, an object for each actor, address and invitation. Each of them keeps a
 * row or two, and those that only count forget everything when their period is over.
 */
export class AdmissionObject extends DurableObject<RelayEnvironment> {
  /** ms since the Unix epoch; tests move it. */
  clock: () => number = () => Date.now();

  /** Of an actor or address: one chain more, or the refusal. */
  countFounding(founding: FoundingRequest): RelayRefusal | null {
    const counted = countFounding(this.#read<FoundingCount>(COUNT), founding, this.clock());
    if ('refusal' in counted) return counted.refusal;
    this.ctx.storage.kv.put(COUNT, counted.after);
    const { period } = counted.after;
    this.#forgetAt((period + 1) * founding.limit.periodMs);
    return null;
  }

  /** Of an actor: whether an invitation has let it in. */
  isAdmitted(): boolean {
    return this.#read<boolean>(IS_ADMITTED) === true;
  }

  admit(): void {
    this.ctx.storage.kv.put(IS_ADMITTED, true);
  }

  /** Of an invitation: lets an actor in, or the refusal. What has expired is refused before it comes here. */
  redeem(actor: string, uses: number, expiresAt: number): RelayRefusal | null {
    const redeemed = redeemInvitation(this.#read<readonly string[]>(ACTORS) ?? [], actor, uses);
    if (!redeemed.ok) return redeemed.error;
    this.ctx.storage.kv.put(ACTORS, redeemed.value);
    this.#forgetAt(expiresAt);
    return null;
  }

  override alarm(): void {
    this.ctx.storage.kv.delete(COUNT);
    this.ctx.storage.kv.delete(ACTORS);
  }

  #read<T>(key: string): T | undefined {
    return this.ctx.storage.kv.get<T>(key);
  }

  #forgetAt(time: number): void {
    // eslint-disable-next-line no-restricted-properties -- this object has one thing to do later, and no jobs
    void this.ctx.storage.setAlarm(Date.now() + Math.max(0, time - this.clock()) + GRACE_MS);
  }
}
