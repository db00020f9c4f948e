import type { ChainId, ChainState, CompactRange, LoggedLeaf } from '../core/index.ts';
import type { KnownProposal, PublicGroup } from '../core/mls/index.ts';

/** Where a chain stands: all that the next entry is decided on. An immutable value; a failed flush just drops it. */
export interface ChainHead {
  readonly chain: ChainId;
  readonly size: number;
  /** Leaf hash of the newest entry; zeros before the genesis. */
  readonly leaf: Uint8Array;
  readonly relayTime: number;
  readonly range: CompactRange;
  readonly state: ChainState;
}

/** What was logged of an event, as far as a receipt needs it. */
export interface LoggedEvent {
  /** event_id[16] || actor[32] */
  readonly eventKey: Uint8Array;
  readonly index: number;
  /** The Entry as stored. */
  readonly entry: Uint8Array;
}

/** What a decision reads of the log below the head. */
export interface LogReader {
  leafAt(index: number): LoggedLeaf | undefined;
  /** Those of these events that are logged, in any order. */
  findEvents(eventKeys: readonly Uint8Array[]): readonly LoggedEvent[];
}

/** One entry as it goes into the store, in the transaction that makes it true. */
export interface NewEntry {
  readonly index: number;
  readonly relayTime: number;
  readonly entry: Uint8Array;
  /** The hashes of the perfect subtrees that the leaf completes, concatenated, leaf first (`MT4`). */
  readonly nodes: Uint8Array;
  /** event_id[16] || actor[32] */
  readonly eventKey: Uint8Array;
  readonly payload: NewPayload | undefined;
  readonly epochChange: EpochChange | undefined;
  readonly proposal: NewProposal | undefined;
  readonly module: NewModule | undefined;
}

/** A WebAssembly module of a registry, kept for ever in the transaction of the entry that publishes it (`AR16`). */
export interface NewModule {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

/** A proposal for the commits of its epoch to refer to, stored in the transaction of its entry (`MB7`). */
export interface NewProposal {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  readonly epoch: number;
  /** Undefined where handshakes are opaque. */
  readonly proposal: KnownProposal | undefined;
}

/** What a new MLS epoch brings besides its entry, stored in the same transaction (`MB1`). */
export interface EpochChange {
  readonly epoch: number;
  /** Undefined where handshakes are opaque: what it says is what they hide (`ML103`). */
  readonly groupInfo: { readonly hash: Uint8Array; readonly bytes: Uint8Array } | undefined;
  /** The epoch's ratchet tree by its tree hash; undefined where the GroupInfo holds it (`ML91`). */
  readonly tree: { readonly hash: Uint8Array; readonly bytes: Uint8Array } | undefined;
  /** One Welcome, for the mailboxes of all who were added; undefined where nobody was. */
  readonly welcome: { readonly content: Uint8Array; readonly recipients: readonly Uint8Array[] } | undefined;
  /** The group in the new epoch, for whoever judges the next commit; undefined where it was not followed to there. */
  readonly group: PublicGroup | undefined;
}

export interface NewPayload {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  readonly expiresAt: number;
}
