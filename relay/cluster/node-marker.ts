import { DAY_MS, equalBytes, ok, sha256, toBase64Url, type ObjectKey } from '../../core/index.ts';
import type { NodeFault, NodeResult, StorageNode } from '../storage-node.ts';

/** What the names of markers begin with. None is the key of a shard, so that no list takes one for an orphan (`CR7`). */
const MARKER_PREFIX = 'marker/';
const NAME_BYTES = 16;
/** Markers that one look lists. One that is not the keeper's own is enough. */
const MARKERS_LISTED = 16;
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
  /** Whether somebody else's marker was at the node as well (`CR13`). */
  readonly isShared?: boolean;
}

/** Where a marker lies: each under a name of its own, so that whoever shares a node sees the others' (`CR13`). */
export function markerKey({ bytes }: Pick<NodeMarker, 'bytes'>): ObjectKey {
  return `${MARKER_PREFIX}${toBase64Url(sha256(bytes).subarray(0, NAME_BYTES))}` as ObjectKey;
}

/** The marker as it is to be known from now on, and why the node can't be used, if it can't. */
export interface NodeLook {
  readonly marker: NodeMarker;
  readonly fault?: NodeFault;
}

/** `now` in ms since the Unix epoch, and the number of the newest round of scrubbing. */
export interface LookTime {
  readonly now: number;
  readonly round: number;
}

/**
 * Whether a node does what it is for: gives back what it was given. One that does not is given it anew: one that takes nothing is down,
 * with the fault that it answered with, and one that does has lost what it had. Says nothing of shards, which a round reads.
 */
export async function lookAtNode(node: StorageNode, marker: NodeMarker, at: LookTime): Promise<NodeLook> {
  const look = await lookForMarker(node, marker, at);
  const isAsked = marker.until === 0 || marker.isShared === true;
  if (look.fault !== undefined || !isAsked) return look;
  const shared = await isShared(node, marker);
  return shared.ok
    ? { marker: { ...look.marker, isShared: shared.value } }
    : { marker: look.marker, fault: shared.error };
}

/**
 * Whether somebody else keeps a marker at the node: another deployment, or this one by another name. What no chain of this one knows
 * may be theirs then (`CR13`). One whose time is over is nobody's.
 */
export async function isShared(node: StorageNode, marker: NodeMarker): Promise<NodeResult<boolean>> {
  const page = await node.list({ after: MARKER_PREFIX, limit: MARKERS_LISTED });
  if (!page.ok) return page;
  const own = markerKey(marker);
  for (const { key } of page.value.objects) {
    if (!key.startsWith(MARKER_PREFIX) || key === own) continue;
    const kept = await node.head(key as ObjectKey);
    if (kept.ok || kept.error.code !== 'not-found') return ok(true);
  }
  return ok(false);
}

async function lookForMarker(node: StorageNode, marker: NodeMarker, { now, round }: LookTime): Promise<NodeLook> {
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

async function faultOfReading(node: StorageNode, marker: NodeMarker): Promise<NodeFault | undefined> {
  const read = await node.get(markerKey(marker));
  if (!read.ok) return read.error;
  return equalBytes(read.value, marker.bytes) ? undefined : { code: 'corrupt' };
}

/** Read back, since a node that takes everything and keeps nothing is none. */
async function place(node: StorageNode, marker: NodeMarker, expiresAt: number): Promise<NodeFault | undefined> {
  const { bytes } = marker;
  const put = await node.put(markerKey(marker), { bytes, sha256: sha256(bytes), expiresAt });
  return put.ok ? faultOfReading(node, marker) : put.error;
}

function isLoss({ code }: NodeFault): boolean {
  return code === 'not-found' || code === 'corrupt';
}
