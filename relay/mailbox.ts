import { decode, err, mailboxAck, MAX_HANDSHAKE_BYTES, ok, type MailboxItem, type Result } from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';

/** How long an item waits for its reader (`MX7`). */
export const MAIL_LIFETIME_MS = 30 * 24 * 3_600_000;

/**
 * Items of each kind that may wait (`MX8`). Bounds of their own, so that no number of lively chains takes the room of a
 * Welcome, without which its group stays shut.
 */
export const MAX_WAITING = { welcome: 256, poke: 1_024 } as const satisfies Readonly<Record<MailKind, number>>;

export type MailKind = MailboxItem['kind'];

/** What a chain has for a member who is away. */
export interface MailDelivery {
  readonly kind: MailKind;
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

export interface MailboxLoad {
  readonly held: HeldMail | undefined;
  /** Items of the same kind that wait. */
  readonly waiting: number;
}

/**
 * Decides on a delivery. `known` repeats what came before, read and acknowledged or not, and changes nothing (`MX2`); a
 * poke is known as soon as a newer one is. A poke that takes the place of a waiting one needs no room (`MX3`).
 */
export function decideDelivery(delivery: MailDelivery, { held, waiting }: MailboxLoad): 'new' | 'known' | 'full' {
  const { kind, index, content } = delivery;
  // A chain bounds its bundles; what is larger than a frame can hold must not get in to block the reader for ever.
  if (content.length > MAX_HANDSHAKE_BYTES) throw new RangeError(`${content.length} bytes are no item of a mailbox`);
  if (held !== undefined && held.index >= index) return 'known';
  const isReplacing = kind === 'poke' && held?.isWaiting === true;
  return isReplacing || waiting < MAX_WAITING[kind] ? 'new' : 'full';
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
