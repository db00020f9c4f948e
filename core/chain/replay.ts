import { equalBytes } from '../bytes/index.ts';
import { decode } from '../codec/index.ts';
import type { VerifyJob } from '../crypto/index.ts';
import {
  entryCodec,
  eventVerifyJob,
  HASH_BYTES,
  parseSignedEvent,
  type ChainId,
  type Entry,
  type SignedEvent,
} from '../event/index.ts';
import type { PolicyVerdict } from '../policy/policy-executor.ts';
import { appendLeaf, EMPTY_RANGE, leafHash, rootOf, type CompactRange } from '../merkle/index.ts';
import { err, ok, type Result } from '../result.ts';
import type { ChainState } from '../state/index.ts';
import { admitEvent, admitGenesis, type AdmissionRefusal, type LoggedLeaf } from './admission.ts';
import { chainIdOf } from './chain-id.ts';

/**
 * Why a log is not one that an honest relay could have written, and the first entry that shows it (`AU2`). `policies-not-run` accuses
 * nobody: the chain's policy decided over that entry, and there is no verdict to compare (`PB12`).
 */
export interface ReplayFault {
  readonly code:
    | 'malformed-entry'
    | 'wrong-index'
    | 'broken-link'
    | 'time-fell'
    | 'wrong-chain'
    | 'bad-signature'
    | 'event-id-repeated'
    | 'forbidden-entry'
    | 'policies-not-run';
  readonly index: number;
  /** For `forbidden-entry`: the rule that the relay let it break. */
  readonly rule?: AdmissionRefusal['code'];
  /** What came before that entry stands; the history holds exactly that much. */
  readonly before: ReplayCursor;
}

/** Everything that replay has established about the entries so far. */
export interface ReplayCursor {
  readonly chain: ChainId;
  readonly size: number;
  readonly head: Uint8Array;
  readonly relayTime: number;
  readonly range: CompactRange;
  /** Undefined before entry 0. */
  readonly state: ChainState | undefined;
}

/** What replay must remember of earlier entries; it adds each one that it accepts. */
export interface ReplayHistory {
  /** Undefined for an index that nothing was pushed for. */
  at(index: number): LoggedLeaf | undefined;
  /** Adds the entry after the newest. */
  push(leaf: LoggedLeaf): void;
  /** False when this actor has used the id before: a relay that sequences one event twice is replaying it (`AP5`). */
  claimEventId(actor: Uint8Array, eventId: Uint8Array): boolean;
}

/** One entry, parsed; its signature still to be verified. */
export interface ReplayStep {
  readonly entry: Entry;
  readonly signed: SignedEvent;
  readonly leaf: Uint8Array;
  /** What the chain's policy says of it, where it was asked. */
  readonly verdict?: PolicyVerdict | undefined;
}

/** Entries that should follow each other, parsed as far as they are entries at all. */
export interface ReplayBatch {
  readonly steps: readonly ReplayStep[];
  /** Whether bytes that are no entry come after the steps. What is wrong before them is still found first. */
  readonly endsMalformed: boolean;
}

/** Where replay of this chain begins: before entry 0, with nothing known but the id. */
export function beginReplay(chain: ChainId): ReplayCursor {
  return { chain, size: 0, head: new Uint8Array(HASH_BYTES), relayTime: 0, range: EMPTY_RANGE, state: undefined };
}

/** The Merkle root over all entries replayed so far (RFC 9162 §2.1.1). */
export function replayRoot({ range }: ReplayCursor): Uint8Array {
  return rootOf(range);
}

/** Parses entries up to the first that is none. */
export function parseEntries(entries: readonly Uint8Array[]): ReplayBatch {
  const steps: ReplayStep[] = [];
  for (const bytes of entries) {
    const step = parseStep(bytes);
    if (step === undefined) return { steps, endsMalformed: true };
    steps.push(step);
  }
  return { steps, endsMalformed: false };
}

function parseStep(bytes: Uint8Array): ReplayStep | undefined {
  const entry = decode(entryCodec, bytes);
  if (!entry.ok) return undefined;
  const signed = parseSignedEvent(entry.value.event, entry.value.signature);
  return signed.ok ? { entry: entry.value, signed: signed.value, leaf: leafHash(bytes) } : undefined;
}

/** The signatures to verify, one for each parsed entry, in order. `replayEntries` takes the verdicts. */
export function replayJobs({ steps }: ReplayBatch): readonly VerifyJob[] {
  return steps.map(({ signed }) => eventVerifyJob(signed));
}

/**
 * Replays parsed entries onto a cursor: index, link, time, chain, signature verdict, then the rules that the relay had to
 * keep (`AU1`). Stops at the first entry that breaks one. `verdicts` come from a signature checker over `replayJobs`.
 */
export function replayEntries(
  cursor: ReplayCursor,
  { steps, endsMalformed }: ReplayBatch,
  verdicts: readonly boolean[],
  history: ReplayHistory,
): Result<ReplayCursor, ReplayFault> {
  if (verdicts.length !== steps.length) throw new Error('one verdict per entry');
  let next = cursor;
  for (const [i, step] of steps.entries()) {
    const fault = checkStep(next, step, verdicts[i] === true);
    if (fault !== undefined) return faultAt(next, { code: fault });
    const state = stateAfter(next, step, history);
    if (!state.ok) return faultAt(next, faultOf(state.error));
    const { actor, eventId } = step.signed.event;
    if (!history.claimEventId(actor, eventId)) return faultAt(next, { code: 'event-id-repeated' });
    history.push({ hash: step.leaf, relayTime: step.entry.relayTime });
    next = advance(next, step, state.value);
  }
  return endsMalformed ? faultAt(next, { code: 'malformed-entry' }) : ok(next);
}

function faultOf({ code }: AdmissionRefusal): Pick<ReplayFault, 'code' | 'rule'> {
  return code === 'policy-undecided' ? { code: 'policies-not-run' } : { code: 'forbidden-entry', rule: code };
}

function faultAt(before: ReplayCursor, fault: Pick<ReplayFault, 'code' | 'rule'>): Result<never, ReplayFault> {
  return err({ ...fault, index: before.size, before });
}

function advance({ chain, size, range }: ReplayCursor, { leaf, entry }: ReplayStep, state: ChainState): ReplayCursor {
  return { chain, size: size + 1, head: leaf, relayTime: entry.relayTime, range: appendLeaf(range, leaf).range, state };
}

function checkStep(
  cursor: ReplayCursor,
  { entry, signed }: ReplayStep,
  isSigned: boolean,
): ReplayFault['code'] | undefined {
  if (entry.index !== cursor.size) return 'wrong-index';
  if (!equalBytes(entry.prev, cursor.head)) return 'broken-link';
  if (entry.relayTime < cursor.relayTime) return 'time-fell';
  const chain = cursor.size === 0 ? chainIdOf(signed) : signed.event.chain;
  if (!equalBytes(chain, cursor.chain)) return 'wrong-chain';
  return isSigned ? undefined : 'bad-signature';
}

function stateAfter(
  { state, size }: ReplayCursor,
  { entry, signed, verdict }: ReplayStep,
  history: ReplayHistory,
): Result<ChainState, AdmissionRefusal> {
  if (state === undefined) return admitGenesis(signed.event);
  const view = { state, size, leafAt: (index: number) => history.at(index) };
  const admission = admitEvent(view, signed.event, entry.relayTime, { verdict });
  return admission.ok ? ok(admission.value.state) : admission;
}
