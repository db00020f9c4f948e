import type { BacklogRecord } from './backlog.ts';

/** What a socket is; kept with it through hibernation. */
export type Seat = UnopenedSeat | OpenSeat;

export interface UnopenedSeat {
  readonly stage: 'unopened';
  /** ms since the Unix epoch */
  readonly since: number;
  readonly origin: string;
}

export interface OpenSeat {
  /** `history` while it catches up, `waiting` while that waits for its reader, `live` once it has all that is stored. */
  readonly stage: 'history' | 'waiting' | 'live';
  readonly actor: Uint8Array;
  /** base64url of the actor. */
  readonly key: string;
  /** Where history goes on; of no meaning once it is live. */
  readonly from: number;
}

/** What is attached to a socket: the seat, and what it was sent. */
export interface Attachment {
  readonly seat: Seat;
  readonly backlog: BacklogRecord;
}
