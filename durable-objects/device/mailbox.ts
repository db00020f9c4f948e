import {
  encode,
  err,
  mailboxPage,
  MAX_MAILBOX_PAGE,
  MAX_PAGE_BYTES,
  ok,
  type KeyPackageStock,
  type MailboxItem,
  type MailboxPage,
} from '../../core/index.ts';
import {
  checkAck,
  decideDelivery,
  MAIL_LIFETIME_MS,
  parseAck,
  type Answer,
  type MailDelivery,
  type RelayRefusal,
} from '../../relay/index.ts';
import type { DeviceStore, Mail } from './store.ts';

interface MailboxOptions {
  readonly storage: DurableObjectStorage;
  readonly store: DeviceStore;
  readonly clock: () => number;
  readonly scheduleExpiry: (dueAt: number) => void;
  /** Every page says how many KeyPackages are left, so that a reader knows when to publish more (`MX5`). */
  readonly stock: () => KeyPackageStock;
  /** Runs after the write, in the same turn, for what must reach live readers. */
  readonly announce: (sequence: number) => void;
}

/** What waits for one device (`MX2`–`MX8`). */
export class Mailbox {
  readonly #options: MailboxOptions;

  constructor(options: MailboxOptions) {
    this.#options = options;
  }

  /** The newest sequence number ever given; 0 before the first. */
  get lastSequence(): number {
    return this.#options.store.mailbox.lastSeq();
  }

  /** `stored` also for what was delivered before: whoever asks can forget it. */
  deliver(delivery: MailDelivery): 'stored' | 'full' {
    const { storage, store, clock, announce } = this.#options;
    const { kind, chain, index } = delivery;
    const now = clock();
    const held = store.mailbox.held(kind, chain, index);
    const decision = decideDelivery(delivery, { held, waiting: store.mailbox.count(kind, now) });
    if (decision === 'full') return 'full';
    if (decision === 'new') announce(storage.transactionSync(() => this.#put(delivery, now)));
    return 'stored';
  }

  /** Items from a sequence number on, oldest first, as many as a page holds. */
  page(from: number): MailboxPage {
    const { store, clock, stock } = this.#options;
    const query = { from, limit: MAX_MAILBOX_PAGE, maxBytes: MAX_PAGE_BYTES, now: clock() };
    const items = store.mailbox.page(query).map(itemOf);
    const newest = items.at(-1)?.sequence ?? this.lastSequence;
    return { items, next: newest + 1, stock: stock() };
  }

  answerPage(from: number): Answer {
    return ok(encode(mailboxPage, this.page(from)));
  }

  /** Forgets everything up to and including a sequence number; repeating it changes nothing (`MX6`). */
  acknowledge(upTo: number): RelayRefusal | undefined {
    const refusal = checkAck(upTo, this.lastSequence);
    if (refusal === undefined) this.#options.store.mailbox.acknowledge(upTo);
    return refusal;
  }

  answerAck(body: Uint8Array): Answer {
    const upTo = parseAck(body);
    if (!upTo.ok) return upTo;
    const refusal = this.acknowledge(upTo.value);
    return refusal === undefined ? ok(new Uint8Array()) : err(refusal);
  }

  #put({ kind, chain, index, content }: MailDelivery, now: number): number {
    const { store, scheduleExpiry } = this.#options;
    const expiresAt = now + MAIL_LIFETIME_MS;
    const sequence = store.mailbox.put({ kind, chain, index, bytes: content, createdAt: now, expiresAt });
    if (sequence === undefined) throw new Error('a delivery that is new was there already');
    scheduleExpiry(expiresAt);
    return sequence;
  }
}

function itemOf({ seq, kind, chain, index, bytes, createdAt }: Mail): MailboxItem {
  return { sequence: seq, kind, chain, index, receivedAt: createdAt, content: bytes };
}
