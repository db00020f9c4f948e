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
  sha256,
  type ChainId,
  type ChainState,
  type PayloadName,
  type SignedEvent,
} from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';
import type { ChainHead, EpochChange, LogReader, NewEntry } from './ports.ts';
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

/** Decides one candidate on the head (`AP5`–`AP9`). Pure: the caller stores the entry or drops the new head. */
export function decideAppend(head: ChainHead, candidate: Candidate, log: LogReader, clock: number): Decision {
  const { signed, payload, epochChange } = candidate;
  if (epochChange === undefined && opensEpoch(signed)) return refuseLone(signed, log);
  const repeated = findRepeated(signed, log);
  if (repeated !== undefined) return repeated;
  // Entries keep the time order even when the clock steps back a little; far behind, it can't be trusted at all (`AP11`).
  if (head.relayTime - clock > MAX_CLOCK_SKEW_MS) return refused({ code: 'relay-clock-behind' });
  const relayTime = Math.max(clock, head.relayTime);
  const view = { state: head.state, size: head.size, leafAt: (index: number) => log.leafAt(index) };
  const admission = admitEvent(view, signed.event, relayTime, clock);
  if (!admission.ok) return refused({ ...admission.error });
  const mismatch = checkPayload(admission.value.payload, payload);
  if (mismatch !== undefined) return refused(mismatch);
  const { state, payload: payloadName } = admission.value;
  return accept(head, { signed, state, relayTime, payload, payloadName, epochChange });
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
  return accept(nothing, { signed, state: state.value, relayTime: clock, ...NOTHING_BESIDE });
}

const NOTHING_BESIDE = { payload: undefined, payloadName: undefined, epochChange: undefined };

/** Events that only a judged bundle may bring (`MB1`). */
function opensEpoch({ event }: SignedEvent): boolean {
  return event.type === mlsCommit.type || event.type === mlsCreated.type;
}

/** Without its bundle a commit is refused, unless it is a retry of one that was accepted. */
function refuseLone(signed: SignedEvent, log: LogReader): Decision {
  return findRepeated(signed, log) ?? refused({ code: 'lone-commit' });
}

export function eventKeyOf({ event }: SignedEvent): Uint8Array {
  return concatBytes(event.actor, event.eventId);
}

function findRepeated(signed: SignedEvent, log: LogReader): Decision | undefined {
  const logged = log.findEvent(eventKeyOf(signed));
  if (logged === undefined) return undefined;
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
  readonly state: ChainState;
  readonly relayTime: number;
  readonly payload: Uint8Array | undefined;
  readonly payloadName: PayloadName | undefined;
  readonly epochChange: EpochChange | undefined;
}

function accept(head: ChainHead, { signed, state, relayTime, payload, payloadName, epochChange }: Accepted): Decision {
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
      eventKey: eventKeyOf(signed),
      payload: payload && payloadName && { hash: payloadName.hash, bytes: payload, expiresAt },
      epochChange,
    },
  };
}

function refused(refusal: RelayRefusal): Decision {
  return { kind: 'refused', refusal };
}
