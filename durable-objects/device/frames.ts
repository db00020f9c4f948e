import { encode, mailboxDownFrame, problemOf, type MailboxPage } from '../../core/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';

/** Frames that a mailbox sends, encoded. */
export function itemsFrame(page: MailboxPage): Uint8Array {
  return encode(mailboxDownFrame, { kind: 'items', value: page });
}

export function caughtUpFrame(next: number): Uint8Array {
  return encode(mailboxDownFrame, { kind: 'caughtUp', value: { next } });
}

export function markFrame(mark: Uint8Array): Uint8Array {
  return encode(mailboxDownFrame, { kind: 'mark', value: { mark } });
}

export function problemFrame(refusal: RelayRefusal): Uint8Array {
  const problem = JSON.stringify(problemOf(refusal));
  return encode(mailboxDownFrame, { kind: 'problem', value: { request: 0, problem } });
}
