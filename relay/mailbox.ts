import { DAY_MS, decode, err, mailboxAck, MAX_HANDSHAKE_BYTES, ok, type Result } from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';

/** How long an item waits for its reader (`MX7`). */
export const MAIL_LIFETIME_MS = 30 * DAY_MS;

/**
 * Items of each kind that may wait (`MX8`). Bounds of their own, so that no number of lively chains takes the room of a
 * Welcome, without which its group stays shut.
 */
export const MAX_WAITING = { welcome: 256, poke: 1_024 } as const satisfies Readonly<Record<DeliveredKind, number>>;
/** Bytes of all Welcomes that may wait: 256 of the largest would be a quarter of a gigabyte. */
export const MAX_WAITING_WELCOME_BYTES = 64 * 1_048_576;
/** Acknowledged items that are remembered, so that they are known when they come again (`MX12`). */
export const MAX_REMEMBERED = 4_096;

/** Openings that may give an item before it is set aside: one, and five that repeat it (`MX13`). */
const MAX_GIVINGS = 6;
/** From then on an item is given in a page of its own, so that only what ends the reader shares its fate. */
export const GIVINGS_IN_COMPANY = 3;
/** Several processes of a device that open together are no loop. */
const GIVING_INTERVAL_MS = 10_000;

export type DeliveredKind = 'welcome' | 'poke';

/** What a chain has for a member who is away. */
export interface MailDelivery {
  readonly kind: DeliveredKind;
  readonly chain: Uint8Array;
  /** Of the entry that caused it: the commit of a Welcome, the newest entry of a poke. */
  readonly index: number;
  /** The Welcome; empty in a poke. */
  readonly content: Uint8Array;
}

/** What the mailbox holds already: the Welcome of the same entry, or the poke of the same chain. */
export interface HeldMail {
  readonly index: number;
  /** Not acknowledged. */
  readonly isWaiting: boolean;
}

/** What takes up the room of one kind. */
export interface RoomTaken {
  readonly items: number;
  readonly bytes: number;
}

export interface MailboxLoad {
  readonly held: HeldMail | undefined;
  /** By items of the same kind. */
  readonly taken: RoomTaken;
}

/**
 * Decides on a delivery. `known` repeats what came before, read and acknowledged or not, and changes nothing (`MX2`); a
 * poke is known as soon as a newer one is. A poke that takes the place of a waiting one needs no room (`MX3`).
 */
export function decideDelivery(delivery: MailDelivery, { held, taken }: MailboxLoad): 'new' | 'known' | 'full' {
  const { kind, index, content } = delivery;
  // A chain bounds its bundles; what is larger than a frame can hold must not get in to block the reader for ever.
  if (content.length > MAX_HANDSHAKE_BYTES) throw new RangeError(`${content.length} bytes are no item of a mailbox`);
  if (held !== undefined && held.index >= index) return 'known';
  if (kind === 'poke' && held?.isWaiting === true) return 'new';
  const fits = taken.items < MAX_WAITING[kind] && taken.bytes + content.length <= MAX_WAITING_WELCOME_BYTES;
  return fits ? 'new' : 'full';
}

/** How often an item was given and never acknowledged. */
export interface Givings {
  readonly given: number;
  /** ms since the Unix epoch, of the last that counted. */
  readonly givenAt: number;
}

/**
 * What giving an item once more makes of it (`MX13`). `set-aside` where a reader has had it time and again and never said
 * so: it most likely ends whoever reads it, and everything behind it would wait for ever.
 */
export function decideGiving({ given, givenAt }: Givings, clock: number): 'uncounted' | 'counted' | 'set-aside' {
  if (given > 0 && givenAt > clock - GIVING_INTERVAL_MS) return 'uncounted';
  return given >= MAX_GIVINGS ? 'set-aside' : 'counted';
}

export function parseAck(body: Uint8Array): Result<number, RelayRefusal> {
  const ack = decode(mailboxAck, body);
  return ack.ok ? ok(ack.value.upTo) : err({ ...ack.error });
}

/**
 * Refuses an acknowledgement beyond the newest item ever given out (`MX6`): it is of another mailbox, or of this one before
 * its storage was restored, and would delete what nobody has read.
 */
export function checkAck(upTo: number, lastSequence: number): RelayRefusal | undefined {
  return upTo > lastSequence ? { code: 'ack-ahead', upTo, last: lastSequence } : undefined;
}
