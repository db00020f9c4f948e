import {
  decode,
  struct,
  text,
  uint32,
  uint8,
  vector,
  version,
  type Decoded,
  type DecodeRefusal,
} from '../codec/index.ts';
import { sha256 } from '../crypto/index.ts';
import { err, type Result } from '../result.ts';
import {
  checkCluster,
  MAX_CLUSTER_NODES,
  MAX_NODE_NAME_BYTES,
  type Cluster,
  type ClusterNode,
} from './configuration.ts';

/** Which node stands in which slot, from some time on (`SC7`). Blobs name the number that they were placed by. */
export const placementCodec = struct('Placement', {
  version: version(1),
  /** Rises by one with each change, from 1. */
  number: uint32,
  dataShards: uint8,
  /** The name of a node each. */
  slots: vector(text(MAX_NODE_NAME_BYTES), MAX_CLUSTER_NODES),
});

/** What `placementCodec` encodes. */
export type Placement = Decoded<typeof placementCodec>;

/** A shard of a blob that another node is to keep. */
export interface ShardMove {
  readonly shard: number;
  readonly from: string;
  readonly to: string;
}

/**
 * What a new placement means for a blob: nothing, copying some shards as they are, or cutting it again, since it is to
 * have other shards.
 */
export type PlacementChange =
  | { readonly kind: 'stay' }
  | { readonly kind: 'copy'; readonly moves: readonly ShardMove[] }
  | { readonly kind: 'encode-again' };

/** The first placement of a cluster: its nodes in their order. */
export function foundPlacement({ nodes, dataShards }: Cluster): Placement {
  return { version: 1, number: 1, dataShards, slots: nodes.map(({ name }) => name) };
}

/**
 * The placement after a change of the cluster (`SC7`), or the same one where nothing changed. A node that stays keeps its
 * slot, so that replacing one moves the shards of that one alone.
 */
export function nextPlacement(current: Placement, { nodes, dataShards }: Cluster): Placement {
  const slots = fillSlots(current.slots, nodes);
  const isSame = dataShards === current.dataShards && equalSlots(slots, current.slots);
  return isSame ? current : { version: 1, number: current.number + 1, dataShards, slots };
}

/** Refuses what is no placement, or of no cluster (`SC1`, `SC2`, `SC3`). */
export function parsePlacement(bytes: Uint8Array): Result<Placement, DecodeRefusal> {
  const parsed = decode(placementCodec, bytes);
  if (!parsed.ok) return parsed;
  const { dataShards, slots } = parsed.value;
  // Whether nodes are apart is not in here, and was asked when the cluster was configured.
  const nodes = slots.map((name) => ({ name, domain: name }));
  if (checkCluster({ nodes, dataShards, allowsSharedDomains: false }).ok) return parsed;
  return err({ code: 'malformed', reason: 'out-of-range', offset: DATA_SHARDS_OFFSET });
}

/**
 * The node of each shard of a blob, by the shard's index (`SC4`): the slots, beginning at one that the blob's key chooses.
 * Data shards come first, so the first k are those that reads ask.
 */
export function nodesFor({ slots }: Placement, key: Uint8Array): readonly string[] {
  const first = rotationOf(key, slots.length);
  return [...slots.slice(first), ...slots.slice(0, first)];
}

/** What has to be done with a blob of this key that was placed by the one when the other is in force (`SC7`). */
export function changeBetween(earlier: Placement, later: Placement, key: Uint8Array): PlacementChange {
  if (earlier.slots.length !== later.slots.length || earlier.dataShards !== later.dataShards) {
    return { kind: 'encode-again' };
  }
  const to = nodesFor(later, key);
  const moves = nodesFor(earlier, key)
    .map((from, shard) => ({ shard, from, to: to[shard] as string }))
    .filter((move) => move.from !== move.to);
  return moves.length === 0 ? { kind: 'stay' } : { kind: 'copy', moves };
}

/** Version and number come before. */
const DATA_SHARDS_OFFSET = 6;

/**
 * A number below `count`, each about as often, and for one key the same everywhere. From a hash, since keys of one chain begin
 * alike. Of 2^32 values the remainders differ in frequency by less than one in 2^25.
 */
function rotationOf(key: Uint8Array, count: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = sha256(key);
  return (((a * 256 + b) * 256 + c) * 256 + d) % count;
}

/** Those who stay where they are, newcomers in the free slots; where there are more or fewer slots, in a row without gaps. */
function fillSlots(slots: readonly string[], nodes: readonly ClusterNode[]): string[] {
  const names = new Set(nodes.map(({ name }) => name));
  const known = new Set(slots);
  const newcomers = nodes.map(({ name }) => name).filter((name) => !known.has(name));
  if (slots.length === names.size) {
    return slots.map((name) => (names.has(name) ? name : (newcomers.shift() as string)));
  }
  return [...slots.filter((name) => names.has(name)), ...newcomers];
}

function equalSlots(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, slot) => name === b[slot]);
}
