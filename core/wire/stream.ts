import { choice, opaque, struct, text, uint32, uint64, variant, vector, type Decoded } from '../codec/index.ts';
import { appendRequest, checkpointText, entryPage, outcomes } from './append.ts';
import { mailboxPage } from './device.ts';
import { MAX_BATCH, MAX_PROBLEM_BYTES, STREAM_MARK_BYTES, TICKET_BYTES } from './limits.ts';

/** Answers a signed POST on a stream's path; good once, on that path and in that share, for the actor who asked. */
export const ticketAnswer = struct('TicketAnswer', {
  ticket: opaque(TICKET_BYTES),
  expiresAt: uint64,
  /** Where the chain has room: 0 for the chain itself and for mailboxes. */
  share: uint32,
});

/** The first frame of every socket: who it is for, and the first index or sequence number that it wants. */
const open = struct('Open', { ticket: opaque(TICKET_BYTES), cursor: uint64 });
/** `request` comes back in the answer; the client chooses it. */
const append = struct('Append', { request: uint32, append: appendRequest });
const ack = struct('Ack', { upTo: uint64 });
/** The newest mark, once everything that came before it was taken. */
const progress = struct('Progress', { mark: opaque(STREAM_MARK_BYTES) });

/** Random, so that only a reader who came as far can send it back (`SK8`). */
const mark = struct('Mark', { mark: opaque(STREAM_MARK_BYTES) });
const caughtUp = struct('CaughtUp', { next: uint64 });
const answered = struct('Answered', { request: uint32, outcomes });
/** Answers to several appends, under one checkpoint that covers all that was accepted (`SK2`). */
const appended = struct('Appended', { answers: vector(answered, MAX_BATCH), checkpoint: checkpointText });
/** `request` is 0 when the problem is the socket's and not one append's. */
const refusedFrame = struct('Problem', { request: uint32, problem: text(MAX_PROBLEM_BYTES) });

/** What a client sends on `chains/{c}/stream` (`SK2`). */
export const chainUpFrame = variant('ChainUpFrame', choice('ChainUpKind', { open: 1, append: 2, progress: 3 }), {
  open,
  append,
  progress,
});

/** What a chain sends: history, exactly one `caught-up`, then what is new; answers in between (`SK3`). */
export const chainDownFrame = variant(
  'ChainDownFrame',
  choice('ChainDownKind', { entries: 1, caughtUp: 2, appended: 3, problem: 4, mark: 5 }),
  { entries: entryPage, caughtUp, appended, problem: refusedFrame, mark },
);

/** What a client sends on `devices/{d}/mailbox/stream` (`MX9`). */
export const mailboxUpFrame = variant('MailboxUpFrame', choice('MailboxUpKind', { open: 1, ack: 2, progress: 3 }), {
  open,
  ack,
  progress,
});

/** What a mailbox sends: what waits, exactly one `caught-up`, then what comes (`MX9`). */
export const mailboxDownFrame = variant(
  'MailboxDownFrame',
  choice('MailboxDownKind', { items: 1, caughtUp: 2, problem: 4, mark: 5 }),
  { items: mailboxPage, caughtUp, problem: refusedFrame, mark },
);

export type TicketAnswer = Decoded<typeof ticketAnswer>;
export type ChainUpFrame = Decoded<typeof chainUpFrame>;
export type ChainDownFrame = Decoded<typeof chainDownFrame>;
export type MailboxUpFrame = Decoded<typeof mailboxUpFrame>;
export type MailboxDownFrame = Decoded<typeof mailboxDownFrame>;
