import { toBase64Url } from '../../core/index.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import type { DeviceObject } from '../device/object.ts';
import { reportIncident } from '../platform/incident.ts';
import type { ChainStore } from './store.ts';

/** Deliveries in one step of a job. */
const DELIVERIES_A_STEP = 32;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 900_000;

/** What a mailbox takes from a chain. */
type Item = Parameters<DeviceObject['deliver']>[0];

/**
 * Carries a chain's Welcomes and pokes to the mailboxes of its members (`OB1`): rows from the transaction of their entry
 * until the mailbox has them. Delivering twice changes nothing there, so a crash in between is harmless.
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

  /** Job step: Welcomes. */
  async deliverWelcomes(now: number): Promise<number | undefined> {
    const { outbox } = this.#store;
    outbox.dropExpired(now, DELIVERIES_A_STEP);
    for (const delivery of outbox.due(now, DELIVERIES_A_STEP)) {
      const { index, recipient, body } = delivery;
      const isTaken = await this.#deliver(recipient, { kind: 'welcome', chain: this.#chain, index, content: body });
      if (isTaken) outbox.settle(delivery);
      else outbox.defer(delivery, now + retryDelay(delivery.attempt));
    }
    return outbox.nextDue();
  }

  /** Job step: pokes. One that can't be delivered is worth as much later: it names the newest entry then. */
  async deliverPokes(now: number): Promise<number | undefined> {
    const { pokes } = this.#store;
    for (const { recipient, index, attempt } of pokes.due(now, DELIVERIES_A_STEP)) {
      const poke = { kind: 'poke', chain: this.#chain, index, content: new Uint8Array() } as const;
      if (await this.#deliver(recipient, poke)) pokes.settle(recipient, index);
      else pokes.defer(recipient, now + retryDelay(attempt));
    }
    return pokes.nextDue();
  }

  /** A full mailbox and one that can't be reached are the same to the outbox: try again later. */
  async #deliver(recipient: Uint8Array, item: Item): Promise<boolean> {
    try {
      const device = this.#env.DEVICE.getByName(toBase64Url(recipient)) as unknown as DeviceObject;
      return (await device.deliver(item)) === 'stored';
    } catch (cause) {
      reportIncident('delivery-failed', cause);
      return false;
    }
  }
}

function retryDelay(attempt: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
}
