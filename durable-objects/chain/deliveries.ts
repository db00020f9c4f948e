import { HOUR_MS, toBase64Url } from '../../core/index.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import type { DeviceObject } from '../device/object.ts';
import { retryWait, within } from '../jobs/index.ts';
import { reportIncident } from '../platform/incident.ts';
import type { ChainStore, Delivery, Poke } from './store.ts';

/** Deliveries under way at once. A Welcome may have a megabyte, and each recipient is sent a copy. */
const WELCOMES_A_STEP = 8;
const POKES_A_STEP = 32;
/** How long a step waits for mailboxes that are slow; what comes later still counts. */
const STEP_WAIT_MS = 2_000;
const RETRY = { firstMs: 2_000, longestMs: 900_000 };
/** Keys that never used the relay can be listed by thousands: each costs a request only so often. */
const ABSENT_RETRY = { ...RETRY, longestMs: 6 * HOUR_MS };

/** What a mailbox takes from a chain, and what it says. */
type Item = Parameters<DeviceObject['deliver']>[0];
type Reply = Awaited<ReturnType<DeviceObject['deliver']>>;

/**
 * Carries a chain's Welcomes and pokes to the mailboxes of its members (`OB1`): rows from the transaction of their entry
 * until the mailbox has them. Each is put off before it is tried (`OB2`): whatever becomes of the attempt, a crash of this
 * object included, it comes again by itself, later each time, and holds up no other. Delivering twice changes nothing.
 */
export class Deliveries {
  readonly #env: RelayEnvironment;
  readonly #store: ChainStore;
  readonly #chain: Uint8Array;

  constructor(env: RelayEnvironment, store: ChainStore, chain: Uint8Array) {
    this.#env = env;
    this.#store = store;
    this.#chain = chain;
  }

  /** Job step: Welcomes, and to devices that their account has revoked. */
  async deliverWelcomes(now: number): Promise<number | undefined> {
    const { outbox } = this.#store;
    outbox.dropExpired(now, WELCOMES_A_STEP);
    const due = outbox.due(now, WELCOMES_A_STEP);
    for (const delivery of due) outbox.defer(delivery, now + retryWait(delivery.attempt, RETRY));
    await within(STEP_WAIT_MS, Promise.all(due.map((delivery) => this.#deliverDue(delivery))));
    return outbox.nextDue();
  }

  /** Job step: pokes. One that can't be delivered is worth as much later: it names the newest entry then. */
  async deliverPokes(now: number): Promise<number | undefined> {
    const { pokes } = this.#store;
    pokes.dropExpired(now, POKES_A_STEP);
    const due = pokes.due(now, POKES_A_STEP);
    for (const { recipient, attempt } of due) pokes.defer(recipient, now + retryWait(attempt, RETRY));
    await within(STEP_WAIT_MS, Promise.all(due.map((poke) => this.#deliverPoke(poke, now))));
    return pokes.nextDue();
  }

  #deliverDue(delivery: Delivery): Promise<void> {
    return delivery.kind === 'revocation' ? this.#deliverRevocation(delivery) : this.#deliverWelcome(delivery);
  }

  async #deliverRevocation(delivery: Delivery): Promise<void> {
    try {
      await this.#device(delivery.recipient).close();
      this.#store.outbox.settle(delivery);
    } catch (cause) {
      reportIncident('delivery-failed', cause);
    }
  }

  async #deliverWelcome(delivery: Delivery): Promise<void> {
    const { outbox } = this.#store;
    const { index, recipient } = delivery;
    const content = outbox.content(delivery);
    if (content === undefined) throw new Error(`the Welcome of entry ${index} is gone before it was delivered`);
    const reply = await this.#deliver(recipient, { kind: 'welcome', chain: this.#chain, index, content });
    if (reply === 'stored') outbox.settle(delivery);
  }

  async #deliverPoke({ recipient, index, attempt }: Poke, now: number): Promise<void> {
    const { pokes } = this.#store;
    const reply = await this.#deliver(recipient, { kind: 'poke', chain: this.#chain, index, content: NOTHING });
    if (reply === 'stored') pokes.settle(recipient, index);
    // Never longer than the device was waited for already, so that one that comes soon is told soon (`OB4`).
    if (reply === 'absent') pokes.postpone(recipient, now + retryWait(attempt, ABSENT_RETRY));
  }

  /** Undefined where the mailbox could not be reached. */
  async #deliver(recipient: Uint8Array, item: Item): Promise<Reply | undefined> {
    try {
      return await this.#device(recipient).deliver(item);
    } catch (cause) {
      reportIncident('delivery-failed', cause);
      return undefined;
    }
  }

  #device(actor: Uint8Array): DeviceObject {
    return this.#env.DEVICE.getByName(toBase64Url(actor)) as unknown as DeviceObject;
  }
}

const NOTHING = new Uint8Array(0);
