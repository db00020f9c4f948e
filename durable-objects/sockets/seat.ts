/** What a socket is; kept with it through hibernation. */
export type Seat = UnopenedSeat | OpenSeat;

export interface UnopenedSeat {
  readonly stage: 'unopened';
  /** ms since the Unix epoch */
  readonly since: number;
  readonly origin: string;
}

export interface OpenSeat {
  /** `history` while it catches up; `live` once it has everything that is stored. */
  readonly stage: 'history' | 'live';
  readonly actor: Uint8Array;
  /** base64url of the actor. */
  readonly key: string;
}
