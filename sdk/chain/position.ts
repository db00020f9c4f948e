import {
  decode,
  encode,
  HASH_BYTES,
  MAX_CHECKPOINT_BYTES,
  opaque,
  optional,
  struct,
  text,
  uint64,
  vector,
  version,
  type ChainId,
  type ChainState,
  type Decoded,
  type ReplayCursor,
} from '../../core/index.ts';
import { StorageError } from '../errors.ts';

/** A compact range has one node a level. */
const MAX_RANGE_NODES = 53;

const heldCheckpoint = struct('HeldCheckpoint', {
  size: uint64,
  root: opaque(HASH_BYTES),
  /** The signed note, to be shown as evidence. */
  note: text(MAX_CHECKPOINT_BYTES),
});

/**
 * A signed tree head that everything later must agree with. Where a page ended before its checkpoint, this one is ahead of
 * the entries, and is compared when they reach it.
 */
export type HeldCheckpoint = Decoded<typeof heldCheckpoint>;

const positionCodec = struct('ChainPosition', {
  version: version(1),
  size: uint64,
  head: opaque(HASH_BYTES),
  relayTime: uint64,
  nodes: vector(opaque(HASH_BYTES), MAX_RANGE_NODES),
  checkpoint: optional(heldCheckpoint),
});

/** How far a chain was verified, without its state and its leaves. */
export interface Position {
  readonly cursor: ReplayCursor;
  readonly checkpoint: HeldCheckpoint | undefined;
}

export function encodePosition({ cursor, checkpoint }: Position): Uint8Array {
  const { size, head, relayTime, range } = cursor;
  return encode(positionCodec, { version: 1, size, head, relayTime, nodes: range.nodes, checkpoint });
}

export function parsePosition(bytes: Uint8Array, chain: ChainId, state: ChainState): Position {
  const record = decode(positionCodec, bytes);
  if (!record.ok) throw new StorageError('storage-damaged', `a chain's position is ${record.error.reason}`);
  const { size, head, relayTime, nodes, checkpoint } = record.value;
  return { cursor: { chain, size, head, relayTime, range: { size, nodes }, state }, checkpoint };
}
