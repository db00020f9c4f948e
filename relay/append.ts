import {
  admitEvent,
  admitGenesis,
  appendLeaf,
  concatBytes,
  decodeTrusted,
  encode,
  EMPTY_RANGE,
  entryCodec,
  equalBytes,
  HASH_BYTES,
  leafHash,
  MAX_CLOCK_SKEW_MS,
  mlsCommit,
  mlsCreated,
  mlsReinitialised,
  mlsProposal,
  modulePublished,
  sha256,
  type ChainId,
  type ChainState,
  type LoggedLeaf,
  type PayloadName,
  type PolicyVerdict,
  type SignedEvent,
} from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';
import { checkMlsMessage } from './mls-message.ts';
import type { ChainHead, EpochChange, LoggedEvent, NewEntry, NewModule, NewProposal } from './ports.ts';
import type { Candidate } from './submission.ts';

/** What became of a candidate. `repeated` is a retry: it gets its first receipt and changes nothing (`AP5`). */
export type Decision =
  | { readonly kind: 'accepted'; readonly receipt: Receipt; readonly entry: NewEntry; readonly head: ChainHead }
  | { readonly kind: 'repeated'; readonly receipt: Receipt }
  | { readonly kind: 'refused'; readonly refusal: RelayRefusal };

/** What the relay added to an event: with the event it is the entry again. */
export interface Receipt {
  readonly index: number;
  readonly relayTime: number;
  readonly prev: Uint8Array;
}

/** What a decision needs besides the head. */
export interface DecisionContext {
  readonly eventKey: Uint8Array;
  /** What is logged under the same key, if anything. */
  readonly logged: LoggedEvent | undefined;
  readonly clock: number;
  /** What the chain's policy said of it, where it was asked. */
  readonly verdict?: PolicyVerdict | undefined;
  leafAt(index: number): LoggedLeaf | undefined;
}

/** Decides one candidate on the head (`AP5`–`AP9`). Pure: the caller stores the entry or drops the new head. */
export function decideAppend(head: ChainHead, candidate: Candidate, context: DecisionContext): Decision {
  const { signed, payload, epochChange, proposal, module } = candidate;
  const { logged, eventKey, clock, verdict } = context;
  if (logged !== undefined) return repeat(signed, logged);
  if (epochChange === undefined && opensEpoch(signed)) return refused({ code: 'lone-commit' });
  if (module === undefined && signed.event.type === modulePublished.type) return refused({ code: 'lone-module' });
  // Entries keep the time order even when the clock steps back a little; far behind, it can't be trusted at all (`AP11`).
  if (head.relayTime - clock > MAX_CLOCK_SKEW_MS) return refused({ code: 'relay-clock-behind' });
  const relayTime = Math.max(clock, head.relayTime);
  const view = { state: head.state, size: head.size, leafAt: (index: number) => context.leafAt(index) };
  const admission = admitEvent(view, signed.event, relayTime, { clock, verdict });
  if (!admission.ok) return refused({ ...admission.error });
  const mismatch = checkPayload(admission.value.payload, payload) ?? checkMlsMessage(candidate, head.state);
  if (mismatch !== undefined) return refused(mismatch);
  if (proposal === undefined && signed.event.type === mlsProposal.type) throw new Error('a proposal was not judged');
  const { state, payload: payloadName } = admission.value;
  return accept(head, { signed, eventKey, state, relayTime, payload, payloadName, epochChange, proposal, module });
}

/** Decides entry 0 of a chain that has none. */
export function decideGenesis(chain: ChainId, { signed }: Candidate, clock: number): Decision {
  const state = admitGenesis(signed.event, clock);
  if (!state.ok) return refused({ ...state.error });
  const nothing = {
    chain,
    size: 0,
    leaf: new Uint8Array(HASH_BYTES),
    relayTime: 0,
    range: EMPTY_RANGE,
    state: state.value,
  };
  const eventKey = eventKeyOf(signed);
  return accept(nothing, { signed, eventKey, state: state.value, relayTime: clock, ...NOTHING_BESIDE });
}

const NOTHING_BESIDE = {
  payload: undefined,
  payloadName: undefined,
  epochChange: undefined,
  proposal: undefined,
  module: undefined,
};

const EPOCH_EVENTS: ReadonlySet<number> = new Set([mlsCommit, mlsCreated, mlsReinitialised].map(({ type }) => type));

/** Events that only a judged bundle may bring (`MB1`); a retry of one that was accepted needs none. */
function opensEpoch({ event }: SignedEvent): boolean {
  return EPOCH_EVENTS.has(event.type);
}

/**
 * What an event is known by within its chain. The id goes first: ids that begin with their time then land on one page of
 * the store's index, whoever wrote them, while random ones dirty a page each.
 */
export function eventKeyOf({ event }: SignedEvent): Uint8Array {
  return concatBytes(event.eventId, event.actor);
}

function repeat(signed: SignedEvent, logged: LoggedEvent): Decision {
  const { event, index, relayTime, prev } = decodeTrusted(entryCodec, logged.entry);
  if (equalBytes(event, signed.tbs)) return { kind: 'repeated', receipt: { index, relayTime, prev } };
  return refused({ code: 'event-id-reused', index: logged.index });
}

/** `PL1`: an entry never names a payload that the relay does not hold, and no payload comes without an entry. */
function checkPayload(name: PayloadName | undefined, payload: Uint8Array | undefined): RelayRefusal | undefined {
  if (name === undefined) return payload === undefined ? undefined : { code: 'payload-mismatch' };
  if (payload === undefined) return { code: 'payload-missing' };
  const isNamed = payload.length === name.size && equalBytes(sha256(payload), name.hash);
  return isNamed ? undefined : { code: 'payload-mismatch' };
}

interface Accepted {
  readonly signed: SignedEvent;
  readonly eventKey: Uint8Array;
  readonly state: ChainState;
  readonly relayTime: number;
  readonly payload: Uint8Array | undefined;
  readonly payloadName: PayloadName | undefined;
  readonly epochChange: EpochChange | undefined;
  readonly proposal: NewProposal | undefined;
  readonly module: NewModule | undefined;
}

function accept(head: ChainHead, accepted: Accepted): Decision {
  const { signed, eventKey, state, relayTime, payload, payloadName, epochChange, proposal, module } = accepted;
  const index = head.size;
  const entry = encode(entryCodec, {
    index,
    prev: head.leaf,
    relayTime,
    event: signed.tbs,
    signature: signed.signature,
  });
  const leaf = leafHash(entry);
  const { range, completed } = appendLeaf(head.range, leaf);
  const expiresAt = relayTime + state.value.genesis.retentionMs;
  return {
    kind: 'accepted',
    receipt: { index, relayTime, prev: head.leaf },
    head: { chain: head.chain, size: index + 1, leaf, relayTime, range, state },
    entry: {
      index,
      relayTime,
      entry,
      nodes: completed.length === 1 ? leaf : concatBytes(...completed),
      eventKey,
      payload: payload && payloadName && { hash: payloadName.hash, bytes: payload, expiresAt },
      epochChange,
      proposal,
      module,
    },
  };
}

function refused(refusal: RelayRefusal): Decision {
  return { kind: 'refused', refusal };
}
