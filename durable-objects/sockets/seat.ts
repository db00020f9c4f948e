import type { BacklogRecord } from './backlog.ts';

/** What a socket is; kept with it through hibernation. */
export type Seat = UnopenedSeat | OpenSeat | LeavingSeat;

export interface UnopenedSeat {
  readonly stage: 'unopened';
  /** ms since the Unix epoch */
  readonly since: number;
  readonly origin: string;
}

export interface OpenSeat {
  /** `history` while it catches up, `waiting` while that waits for room, `live` once it has all that is stored. */
  readonly stage: 'history' | 'waiting' | 'live';
  readonly actor: Uint8Array;
  /** base64url of the actor. */
  readonly key: string;
  /** Where history goes on; of no meaning once it is live. */
  readonly from: number;
  /** Whether it was told once that it has caught up (`SK3`). */
  readonly isTold: boolean;
}

/** Gets nothing more, with a connection that still holds what was queued for it (`SK15`). */
export interface LeavingSeat {
  readonly stage: 'leaving';
  /** What it is closed with once that is taken. */
  readonly code: number;
  readonly reason: string;
}

/** What is attached to a socket: the seat, and what it was sent. */
export interface Attachment {
  readonly seat: Seat;
  readonly backlog: BacklogRecord;
}
