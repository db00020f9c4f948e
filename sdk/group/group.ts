import type { EventDefinition, GrantedRole } from '../../core/index.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import type { ApplicationItem, Message, SealedMessage, TimelineItem } from './timeline-item.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What part of a history is wanted. Items come in the order of the chain. */
export interface ReadOptions extends CallOptions {
  /** First index; 0 for everything. */
  readonly from?: number;
  /** Only so many of the newest, counted when reading begins. */
  readonly last?: number;
  /**
   * Goes on with what arrives, over a connection that is opened again when it breaks. Ends when this identity is removed or
   * the iterator is left; rejects with the signal's reason once that aborts, and with what stops the chain for good.
   */
  readonly live?: boolean;
}

/** A call that is aborted stops waiting. What has left by then may still be delivered, and what has not is sent later. */
export interface SendOptions extends CallOptions {
  /** What the bytes mean, for applications; 0, the default, is UTF-8 text. */
  readonly contentType?: number;
}

export interface GroupMember {
  /** Base64url. */
  readonly actor: string;
  readonly role: GrantedRole;
  /** Index of the entry that let it in. */
  readonly since: number;
  readonly isMe: boolean;
}

/** Where this identity stands. A removed one reads up to its removal and no further. */
export type GroupStatus =
  | { readonly kind: 'member'; readonly role: GrantedRole }
  | { readonly kind: 'removed'; readonly index: number }
  /** MLS alone: a change of keys at `index` could not be followed; an admin must remove and invite this device again. */
  | { readonly kind: 'lost'; readonly index: number };

/** A group as far as it was verified. Hashes are base64url. */
export interface GroupView {
  readonly status: GroupStatus;
  /** Verified entries. */
  readonly size: number;
  /** Leaf hash of the last one. */
  readonly head: string;
  /** The signed checkpoint that vouches for them, in C2SP signed-note form. */
  readonly checkpoint: string;
  readonly relayTime: number;
  /** MLS epoch; 0 in a plain group. */
  readonly epoch: number;
}

export interface ApplicationEvent<Body> extends Omit<ApplicationItem, 'kind' | 'type' | 'body'> {
  readonly body: Body;
}

/**
 * A group on a relay. What it shows was verified first (`CL2`); what it reports as delivered stands in the verified log.
 * Every call may reject with a TeraChatError, and with the signal's reason once that aborts.
 */
export interface Group {
  /** The chain id, base64url. */
  readonly id: string;
  readonly membership: 'plain' | 'mls';

  /** What is known without asking the relay. */
  view(): Promise<GroupView>;
  /** Those who are in, as of the verified log, in the order in which they came in. */
  members(): Promise<readonly GroupMember[]>;
  /** Reads and verifies what is new. */
  catchUp(options?: CallOptions): Promise<void>;

  /** Resolves once the message stands in the verified log. */
  send(content: string | Uint8Array, options?: SendOptions): Promise<Delivery>;
  /** Messages of everyone, own ones included; those that can't be read are there as `sealed`. */
  messages(options?: ReadOptions): AsyncIterableIterator<Message | SealedMessage>;
  /** Messages, changes of members and roles, and application events. */
  timeline(options?: ReadOptions): AsyncIterableIterator<TimelineItem>;

  /** Application events are signed and ordered like everything else, and not encrypted: the relay can read their bodies. */
  append<Body>(definition: EventDefinition<Body>, body: Body, options?: CallOptions): Promise<Delivery>;
  /** Bodies that are not the definition's encoding are left out. */
  events<Body>(definition: EventDefinition<Body>, options?: ReadOptions): AsyncIterableIterator<ApplicationEvent<Body>>;

  invite(actor: string, role?: GrantedRole, options?: CallOptions): Promise<Delivery>;
  /** In a plain group also oneself; in an MLS group another member has to do it. */
  remove(actor: string, options?: CallOptions): Promise<Delivery>;
  changeRole(actor: string, role: GrantedRole, options?: CallOptions): Promise<Delivery>;
  /** New keys for everyone in an MLS group; a plain group has none and rejects with `plain-group`. */
  rotate(options?: CallOptions): Promise<Delivery>;
}
