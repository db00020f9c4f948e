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
  type ChainPolicyCall,
  type ChainState,
  type Entry,
  type Event,
  type NodeReader,
  type PolicyConsent,
  type PolicyExecutor,
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

/** What the chain's policy has left by entry `index`. A cache too: no entry holds it, and the policy gives it again. */
export interface KeptPolicyState {
  readonly index: number;
  readonly state: Uint8Array;
  /** SHA-256 of `state`. */
  readonly digest: Uint8Array;
}

/** What is kept of the policy's state is not of this log, or damaged: `recallPolicyState` makes it anew. */
export class PolicyStateLost extends Error {}

/**
 * The head of a stored chain. A snapshot that is not of this log, or whose bytes are not its digest's, is passed over; with
 * none left, the state is replayed from entry 0 (`ST3`). Signatures were checked when the entries were admitted and are not again here;
 * audit does that. Nor is the policy asked again: whatever it left between, only what it left last is in the state. Throws
 * `PolicyStateLost`.
 */
export function restoreHead(
  chain: ChainId,
  log: StoredLog,
  snapshots: Iterable<Snapshot>,
  kept: KeptPolicyState | undefined,
): ChainHead {
  const replay = replayStored(log, snapshots);
  let step = replay.next();
  while (step.done !== true) step = replay.next(consentOnce(step.value, kept));
  const last = decodeTrusted(entryCodec, log.entryAt(log.size - 1));
  return {
    chain,
    size: log.size,
    leaf: log.node(0, log.size - 1),
    relayTime: last.relayTime,
    range: rangeFromNodes(log.size, log.node),
    state: step.value,
  };
}

/** Has the policy decide again over everything since the newest usable snapshot. Rejects where the executor does. */
export async function recallPolicyState(
  log: StoredLog,
  snapshots: Iterable<Snapshot>,
  executor: PolicyExecutor,
): Promise<KeptPolicyState | undefined> {
  const replay = replayStored(log, snapshots);
  let step = replay.next();
  while (step.done !== true) step = replay.next(await consentAnew(step.value, executor));
  const state = policyStateIn(step.value);
  return state && keptPolicyState(log.size - 1, state);
}

/** What is to be kept after a flush; undefined where the policy left nothing new. */
export function newPolicyState(previous: ChainState, { size, state }: ChainHead): KeptPolicyState | undefined {
  const [before, now] = [policyStateIn(previous), policyStateIn(state)];
  return now === undefined || now === before ? undefined : keptPolicyState(size - 1, now);
}

function policyStateIn(state: ChainState): Uint8Array | undefined {
  return state.kind === 'group' ? state.value.policy?.state : undefined;
}

function keptPolicyState(index: number, state: Uint8Array): KeptPolicyState {
  return { index, state, digest: sha256(state) };
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
function firstUsable(log: StoredLog, snapshots: Iterable<Snapshot>): ReturnType<typeof stateOfSnapshot> {
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

/** Something that the policy was asked when entry `index` was decided. It had nothing against it, or there were no such entry. */
interface PastCall {
  readonly call: ChainPolicyCall;
  readonly index: number;
}

function* replayStored(log: StoredLog, snapshots: Iterable<Snapshot>): Generator<PastCall, ChainState, PolicyConsent> {
  const start = firstUsable(log, snapshots);
  let state = start?.state ?? foundStored(log.entryAt(0));
  for (let index = start?.next ?? 1; index < log.size; index++) {
    const entry = decodeTrusted(entryCodec, log.entryAt(index));
    const change = transition(state, eventOf(entry));
    if (!change.ok) throw new Error(`stored entry ${index} is refused: ${change.error.code}`);
    const place = { index, relayTime: entry.relayTime };
    const call = change.value.policyCall(place);
    state = change.value.apply(place, call && (yield { call, index }));
  }
  return state;
}

function foundStored(bytes: Uint8Array): ChainState {
  const founded = foundChain(eventOf(decodeTrusted(entryCodec, bytes)));
  if (!founded.ok) throw new Error(`the stored genesis is refused: ${founded.error.code}`);
  return founded.value;
}

function consentOnce({ call, index }: PastCall, kept: KeptPolicyState | undefined): PolicyConsent {
  // A guard leaves no state (`PB8`).
  if (call.kind === 'apply' && call.isGuarded) return { kind: 'accepted', state: call.state, fuelLeft: 0 };
  if (kept === undefined || kept.index < index) throw new PolicyStateLost('nothing is kept of what the policy left');
  return { kind: 'accepted', state: kept.state, fuelLeft: 0 };
}

async function consentAnew({ call, index }: PastCall, executor: PolicyExecutor): Promise<PolicyConsent> {
  const { module } = call;
  const outcome =
    call.kind === 'migrate'
      ? await executor.migrate(module, call)
      : (await executor.decide(module, { ...call, events: [call.event] }))[0];
  if (outcome?.kind === 'accepted') return outcome;
  throw new Error(`the policy does not let stored entry ${index} in again`);
}

function eventOf(entry: Entry): Event {
  return decodeTrusted(eventTbs, entry.event);
}
