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
import { appendLeaf, EMPTY_RANGE, leafHash, rootOf, type CompactRange } from '../merkle/index.ts';
import { err, ok, type Result } from '../result.ts';
import type { ChainState } from '../state/index.ts';
import { admitEvent, admitGenesis, type AdmissionRefusal, type LoggedLeaf } from './admission.ts';
import { chainIdOf } from './chain-id.ts';

/** Why a log is not one that an honest relay could have written, and the first entry that shows it. */
export interface ReplayFault {
  readonly code:
    | 'malformed-entry'
    | 'wrong-index'
    | 'broken-link'
    | 'time-fell'
    | 'wrong-chain'
    | 'bad-signature'
    | 'event-id-repeated'
    | 'forbidden-entry';
  readonly index: number;
  /** For `forbidden-entry`: the rule that the relay let it break. */
  readonly rule?: AdmissionRefusal['code'];
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
  at(index: number): LoggedLeaf | undefined;
  push(leaf: LoggedLeaf): void;
  /** False when this actor has used the id before: a relay that sequences one event twice is replaying it (`AP5`). */
  claimEventId(actor: Uint8Array, eventId: Uint8Array): boolean;
}

/** One entry, parsed; its signature still to be verified. */
export interface ReplayStep {
  readonly entry: Entry;
  readonly signed: SignedEvent;
  readonly leaf: Uint8Array;
}

export function beginReplay(chain: ChainId): ReplayCursor {
  return { chain, size: 0, head: new Uint8Array(HASH_BYTES), relayTime: 0, range: EMPTY_RANGE, state: undefined };
}

/** The Merkle root over all entries replayed so far (RFC 9162 §2.1.1). */
export function replayRoot({ range }: ReplayCursor): Uint8Array {
  return rootOf(range);
}

/** Parses entries that should follow each other from `firstIndex` on. Returns the parsed ones, or the first bad one. */
export function parseEntries(
  entries: readonly Uint8Array[],
  firstIndex: number,
): Result<readonly ReplayStep[], ReplayFault> {
  const steps: ReplayStep[] = [];
  for (const [offset, bytes] of entries.entries()) {
    const index = firstIndex + offset;
    const entry = decode(entryCodec, bytes);
    if (!entry.ok) return err({ code: 'malformed-entry', index });
    const signed = parseSignedEvent(entry.value.event, entry.value.signature);
    if (!signed.ok) return err({ code: 'malformed-entry', index });
    steps.push({ entry: entry.value, signed: signed.value, leaf: leafHash(bytes) });
  }
  return ok(steps);
}

export function replayJobs(steps: readonly ReplayStep[]): readonly VerifyJob[] {
  return steps.map(({ signed }) => eventVerifyJob(signed));
}

/**
 * Replays verified steps onto a cursor: index, link, time, chain, signature verdict, then the rules that the relay had to
 * keep (`AU1`). Stops at the first entry that breaks one; what came before it stands.
 */
export function replaySteps(
  cursor: ReplayCursor,
  steps: readonly ReplayStep[],
  verdicts: readonly boolean[],
  history: ReplayHistory,
): Result<ReplayCursor, ReplayFault> {
  let next = cursor;
  for (const [i, step] of steps.entries()) {
    const fault = checkStep(next, step, verdicts[i] === true);
    if (fault !== undefined) return err({ code: fault, index: next.size });
    const state = stateAfter(next, step, history);
    if (!state.ok) return err({ code: 'forbidden-entry', index: next.size, rule: state.error.code });
    const { actor, eventId } = step.signed.event;
    if (!history.claimEventId(actor, eventId)) return err({ code: 'event-id-repeated', index: next.size });
    history.push({ hash: step.leaf, relayTime: step.entry.relayTime });
    next = {
      chain: next.chain,
      size: next.size + 1,
      head: step.leaf,
      relayTime: step.entry.relayTime,
      range: appendLeaf(next.range, step.leaf).range,
      state: state.value,
    };
  }
  return ok(next);
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
  { entry, signed }: ReplayStep,
  history: ReplayHistory,
): Result<ChainState, AdmissionRefusal> {
  if (state === undefined) return admitGenesis(signed.event);
  const view = { state, size, leafAt: (index: number) => history.at(index) };
  const admission = admitEvent(view, signed.event, entry.relayTime);
  return admission.ok ? ok(admission.value.state) : admission;
}
