import {
  decodeTrusted,
  entryCodec,
  equalBytes,
  eventTbs,
  foundChain,
  parseState,
  rangeFromNodes,
  sha256,
  encodeState,
  transition,
  type ChainId,
  type ChainState,
  type Entry,
  type Event,
  type NodeReader,
} from '../core/index.ts';
import type { ChainHead } from './ports.ts';

/** Entries between snapshots: the most that a waking object replays. */
const SNAPSHOT_INTERVAL = 512;

/** The state after entry `index`, as bytes. A cache: the log alone is the truth. */
export interface Snapshot {
  readonly index: number;
  readonly leafHash: Uint8Array;
  /** SHA-256 of `bytes`. */
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
}

/** A stored log of at least one entry. Both readers throw below its size only where the store is broken. */
export interface StoredLog {
  readonly size: number;
  entryAt(index: number): Uint8Array;
  node: NodeReader;
}

/**
 * The head of a stored chain. A snapshot that is not of this log, or whose bytes are not its digest's, is passed over; with
 * none left, the state is replayed from entry 0 (`ST3`). Signatures were checked when the entries were admitted and are not again here;
 * audit does that.
 */
export function restoreHead(chain: ChainId, log: StoredLog, snapshots: readonly Snapshot[]): ChainHead {
  const start = firstUsable(log, snapshots);
  let state = start?.state;
  for (let index = start?.next ?? 0; index < log.size; index++) state = applyStored(state, log.entryAt(index), index);
  if (state === undefined) throw new Error('a stored chain has a genesis');
  const last = decodeTrusted(entryCodec, log.entryAt(log.size - 1));
  return {
    chain,
    size: log.size,
    leaf: log.node(0, log.size - 1),
    relayTime: last.relayTime,
    range: rangeFromNodes(log.size, log.node),
    state,
  };
}

/** Whether a flush that brings the chain to `size` passes a multiple of the interval and should leave a snapshot. */
export function isSnapshotDue(previousSize: number, size: number): boolean {
  return Math.floor(previousSize / SNAPSHOT_INTERVAL) < Math.floor(size / SNAPSHOT_INTERVAL);
}

export function snapshotOf({ size, leaf, state }: ChainHead): Snapshot {
  const bytes = encodeState(state);
  return { index: size - 1, leafHash: leaf, digest: sha256(bytes), bytes };
}

/** Snapshots come newest first. */
function firstUsable(log: StoredLog, snapshots: readonly Snapshot[]): ReturnType<typeof stateOfSnapshot> {
  for (const snapshot of snapshots) {
    const start = stateOfSnapshot(log, snapshot);
    if (start !== undefined) return start;
  }
  return undefined;
}

function stateOfSnapshot(
  log: StoredLog,
  { index, leafHash, digest, bytes }: Snapshot,
): { readonly state: ChainState; readonly next: number } | undefined {
  const isOfThisLog = index < log.size && equalBytes(leafHash, log.node(0, index));
  if (!isOfThisLog || !equalBytes(digest, sha256(bytes))) return undefined;
  const state = parseState(bytes);
  return state && { state, next: index + 1 };
}

function applyStored(state: ChainState | undefined, bytes: Uint8Array, index: number): ChainState {
  const entry = decodeTrusted(entryCodec, bytes);
  const event = eventOf(entry);
  if (state === undefined) {
    const founded = foundChain(event);
    if (!founded.ok) throw new Error(`the stored genesis is refused: ${founded.error.code}`);
    return founded.value;
  }
  const change = transition(state, event);
  if (!change.ok) throw new Error(`stored entry ${index} is refused: ${change.error.code}`);
  const place = { index, relayTime: entry.relayTime };
  if (change.value.policyCall(place) !== undefined) throw new Error(`entry ${index} was decided by a policy`);
  return change.value.apply(place);
}

function eventOf(entry: Entry): Event {
  return decodeTrusted(eventTbs, entry.event);
}
