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
  decideGiving,
  GIVINGS_IN_COMPANY,
  MAIL_LIFETIME_MS,
  MAX_REMEMBERED,
  NO_CHAIN,
  parseAck,
  type Answer,
  type MailDelivery,
  type RelayRefusal,
} from '../../relay/index.ts';
import type { DeviceStore, Mail, MailPageQuery, NewMail } from './store.ts';

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

/** What waits for one device (`MX2`–`MX8`, `MX12`, `MX13`). */
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
    const { store, clock } = this.#options;
    const { kind, chain, index, content } = delivery;
    const now = clock();
    const held = store.mailbox.held(kind, chain, index);
    const decision = decideDelivery(delivery, { held, taken: store.mailbox.taken(kind, now) });
    if (decision === 'new') this.#put({ kind, chain, index, bytes: content }, now);
    if (decision === 'full') this.markOverflow();
    return decision === 'full' ? 'full' : 'stored';
  }

  /** Tells the owner, once until they have read it, that something found no room (`SE5`). */
  markOverflow(): void {
    const { store, clock } = this.#options;
    const now = clock();
    if (store.envelopes.isOverflowMarked(now)) return;
    this.#put({ kind: 'overflow', chain: NO_CHAIN, index: 0, bytes: new Uint8Array() }, now);
  }

  /** Gives items from a sequence number on, oldest first, as many as a page holds, and counts that it did (`MX13`). */
  give(from: number): MailboxPage {
    const { store } = this.#options;
    const query = this.#query(from);
    const mails = store.mailbox.page(query);
    // What a reader acknowledges is cumulative: only the beginning of what waits can be what stopped it.
    const isBeginning = mails[0] !== undefined && mails[0].seq === store.mailbox.oldest(query.now);
    const given = isBeginning ? mails.map((mail) => this.#countGiving(mail, query.now)) : mails;
    return this.#pageOf(given.map((mail) => (mail.isSetAside ? markerOf(mail) : itemOf(mail))));
  }

  answerPage(from: number): Answer {
    return ok(encode(mailboxPage, this.give(from)));
  }

  /** What was set aside, as it was delivered. */
  answerSetAside(from: number): Answer {
    const mails = this.#options.store.mailbox.setAsidePage(this.#query(from));
    return ok(encode(mailboxPage, this.#pageOf(mails.map(itemOf))));
  }

  /** Forgets everything up to and including a sequence number; repeating it changes nothing (`MX6`). */
  acknowledge(upTo: number): RelayRefusal | undefined {
    const { storage, store } = this.#options;
    const refusal = checkAck(upTo, this.lastSequence);
    if (refusal !== undefined) return refusal;
    storage.transactionSync(() => {
      if (store.mailbox.acknowledge(upTo) > 0) store.mailbox.forget(MAX_REMEMBERED);
    });
    return undefined;
  }

  answerAck(body: Uint8Array): Answer {
    const upTo = parseAck(body);
    if (!upTo.ok) return upTo;
    const refusal = this.acknowledge(upTo.value);
    return refusal === undefined ? ok(new Uint8Array()) : err(refusal);
  }

  /** Forgets what was set aside, up to and including a sequence number. */
  answerDiscard(body: Uint8Array): Answer {
    const upTo = parseAck(body);
    if (!upTo.ok) return upTo;
    const refusal = checkAck(upTo.value, this.lastSequence);
    if (refusal !== undefined) return err(refusal);
    this.#options.store.mailbox.discard(upTo.value);
    return ok(new Uint8Array());
  }

  #put(mail: Omit<NewMail, 'createdAt' | 'expiresAt'>, now: number): void {
    const { storage, store, scheduleExpiry, announce } = this.#options;
    const expiresAt = now + MAIL_LIFETIME_MS;
    const sequence = storage.transactionSync(() => {
      scheduleExpiry(expiresAt);
      return store.mailbox.put({ ...mail, createdAt: now, expiresAt });
    });
    if (sequence === undefined) throw new Error('a delivery that is new was there already');
    announce(sequence);
  }

  #countGiving(mail: Mail, now: number): Mail {
    const { mailbox } = this.#options.store;
    if (mail.isSetAside) return mail;
    const decision = decideGiving(mail, now);
    if (decision === 'counted') mailbox.countGiving(mail.seq, now);
    if (decision === 'set-aside') mailbox.setAside(mail.seq);
    return { ...mail, isSetAside: decision === 'set-aside' };
  }

  #query(from: number): MailPageQuery {
    const limits = { limit: MAX_MAILBOX_PAGE, maxBytes: MAX_PAGE_BYTES, maxGivings: GIVINGS_IN_COMPANY };
    return { from, now: this.#options.clock(), ...limits };
  }

  #pageOf(items: readonly MailboxItem[]): MailboxPage {
    const { store, clock, stock } = this.#options;
    const newest = items.at(-1)?.sequence ?? this.lastSequence;
    return { items, next: newest + 1, stock: stock(), setAside: store.mailbox.countSetAside(clock()) };
  }
}

function itemOf({ seq, kind, chain, index, bytes, createdAt }: Mail): MailboxItem {
  return { sequence: seq, kind, chain, index, receivedAt: createdAt, content: bytes };
}

/** In place of an item that was set aside: says what it was about, and holds nothing that could end its reader. */
function markerOf(mail: Mail): MailboxItem {
  return { ...itemOf(mail), kind: 'setAside', content: new Uint8Array() };
}
