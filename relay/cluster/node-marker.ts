import { DAY_MS, equalBytes, sha256, type ObjectKey } from '../../core/index.ts';
import type { NodeFault, StorageNode } from '../storage-node.ts';

/** Where the marker of the cluster lies at each node. No key of a shard, so that no list takes it for an orphan (`CR7`). */
export const MARKER_KEY = 'marker' as ObjectKey;
/** Bytes of a marker. They are random, so a node can't give back what it did not keep. */
export const MARKER_BYTES = 32;
/** How long a node is asked to keep it. Renewed once half is over, well before a node's clock that is ahead would end it. */
const MARKER_KEPT_MS = 7 * DAY_MS;

/** What the keeper of a cluster knows of its marker at one node (`CR12`). */
export interface NodeMarker {
  readonly bytes: Uint8Array;
  /** Until when the node said that it keeps it, in ms since the Unix epoch; 0 before it ever did. */
  readonly until: number;
  /** The newest round of scrubbing when it was found gone or damaged. */
  readonly lostIn?: number;
}

/** The marker as it is to be known from now on, and why the node can't be used, if it can't. */
export interface NodeLook {
  readonly marker: NodeMarker;
  readonly fault?: NodeFault;
}

/**
 * Whether a node does what it is for: gives back what it was given. One that does not is given it anew: one that takes nothing is down,
 * with the fault that it answered with, and one that does has lost what it had. Says nothing of shards, which a round reads.
 */
export async function lookAtNode(
  node: StorageNode,
  marker: NodeMarker,
  { now, round }: { readonly now: number; readonly round: number },
): Promise<NodeLook> {
  const isKept = marker.until > now;
  const fault = isKept ? await faultOfReading(node, marker) : undefined;
  if (fault !== undefined && !isLoss(fault)) return { marker, fault };
  if (isKept && fault === undefined && marker.until - now > MARKER_KEPT_MS / 2) return { marker };
  const until = now + MARKER_KEPT_MS;
  const placed = await place(node, marker, until);
  if (placed !== undefined) return { marker, fault: placed };
  return { marker: { ...marker, until, ...(fault !== undefined && { lostIn: round }) } };
}

/** A loss is over once a round that began after it has read all that the node should have. `finished` is the newest round that did. */
export function isLosing({ lostIn }: NodeMarker, finished: number): boolean {
  return lostIn !== undefined && finished <= lostIn;
}

async function faultOfReading(node: StorageNode, { bytes }: NodeMarker): Promise<NodeFault | undefined> {
  const read = await node.get(MARKER_KEY);
  if (!read.ok) return read.error;
  return equalBytes(read.value, bytes) ? undefined : { code: 'corrupt' };
}

/** Read back, since a node that takes everything and keeps nothing is none. */
async function place(node: StorageNode, marker: NodeMarker, expiresAt: number): Promise<NodeFault | undefined> {
  const { bytes } = marker;
  const put = await node.put(MARKER_KEY, { bytes, sha256: sha256(bytes), expiresAt });
  return put.ok ? faultOfReading(node, marker) : put.error;
}

function isLoss({ code }: NodeFault): boolean {
  return code === 'not-found' || code === 'corrupt';
}
