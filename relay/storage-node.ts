import type { ListedObject, ObjectKey, Result } from '../core/index.ts';

/**
 * A place that keeps objects for the cluster: a bucket, another provider's store, another operator's node. Objects are
 * opaque bytes under a key, put and replaced whole (`SN1`–`SN9`).
 *
 * No node is believed. What `get` gives is what the node sent: the caller holds the hash that the bytes must have, and a
 * mismatch is an erasure. Nothing here throws for what a node or the way to it does, and nothing is tried again: who asks
 * knows the other nodes, and how long it can wait.
 */
export interface StorageNode {
  /**
   * Keeps the bytes until their expiry, in place of what was there. The node has compared them with the hash. Once it is done the
   * caller may write over them.
   */
  put(key: ObjectKey, object: ObjectToKeep): Promise<NodeResult<void>>;
  /** The whole object, at most MAX_OBJECT_BYTES; in memory of the caller's, where it gives any and the node can use it. */
  get(key: ObjectKey, buffers?: Buffers): Promise<NodeResult<Uint8Array>>;
  /** These bytes and no others: a range that the object does not wholly have is refused. */
  getRange(key: ObjectKey, range: ByteRange, buffers?: Buffers): Promise<NodeResult<Uint8Array>>;
  /** What the node says of an object without sending it. */
  head(key: ObjectKey): Promise<NodeResult<KeptObject>>;
  /** An object that isn't there counts as deleted. */
  delete(key: ObjectKey): Promise<NodeResult<void>>;
  /** Objects by rising key, those that expired and are not removed yet among them. */
  list(page: ListRequest): Promise<NodeResult<ListPage>>;
}

/** Where memory for an answer comes from. */
export interface Buffers {
  /** So many bytes with anything in them, all of which are to be written. */
  take(bytes: number): Uint8Array;
}

export interface ObjectToKeep {
  readonly bytes: Uint8Array;
  /** Of the bytes; a node that finds another refuses them. */
  readonly sha256: Uint8Array;
  /** ms since the Unix epoch. From then on the object is not found, whether or not its bytes are still there. */
  readonly expiresAt: number;
}

export interface ByteRange {
  readonly offset: number;
  /** At least 1. */
  readonly length: number;
}

export interface KeptObject {
  readonly size: number;
  readonly sha256: Uint8Array;
  readonly expiresAt: number;
}

export interface ListRequest {
  /** `next` of the page before; absent for the first. */
  readonly after?: string;
  /** 1 to MAX_OBJECT_PAGE. */
  readonly limit: number;
}

export interface ListPage {
  /** Up to the limit, or fewer; foreign objects beside ours are left out. */
  readonly objects: readonly ListedObject[];
  /** Where to list on; undefined at the end. */
  readonly next: string | undefined;
}

export type NodeResult<T> = Result<T, NodeFault>;

/** Why a node did not do it, by what follows from that. */
export type NodeFault =
  /** There is no such object, or it has expired. */
  | { readonly code: 'not-found' }
  /** The node has something under this key that is no object of ours or contradicts itself: repair writes it anew. */
  | { readonly code: 'corrupt' }
  /** The node will say so again until the caller asks for something else, or an operator changes something. */
  | { readonly code: 'refused'; readonly reason: NodeRefusal }
  /** Nothing is known: not of the object, and after `put` or `delete` not whether it was done. Later it may go. */
  | { readonly code: 'unavailable'; readonly reason: NodeOutage };

/**
 * `digest-mismatch`: the bytes are not those of the hash. `too-large`: over what the node takes. `expiry`: past, or later than
 * the node keeps anything. `quota-full`: no room for this relay. `not-allowed`: unknown key, wrong credentials or signature,
 * no such bucket. `range`: the object is shorter. `other`: anything else that the node won't do.
 */
export type NodeRefusal = 'digest-mismatch' | 'too-large' | 'expiry' | 'quota-full' | 'not-allowed' | 'range' | 'other';

/**
 * `timeout`: no whole answer in time. `network`: not reached, or cut off in the middle. `busy`: the node asks to come back.
 * `failed`: the node says that it failed. `bad-answer`: something answered that is no such node.
 */
export type NodeOutage = 'timeout' | 'network' | 'busy' | 'failed' | 'bad-answer';

/** How long a node may take for one whole answer. Longer than the slowest honest one: hedging is the caller's. */
export const NODE_TIMEOUT_MS = 10_000;
