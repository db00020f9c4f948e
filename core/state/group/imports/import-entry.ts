import { equalBytes } from '../../../bytes/index.ts';
import { chainIdOf } from '../../../chain/chain-id.ts';
import { decode, opaque, uint64, vector } from '../../../codec/index.ts';
import {
  entryCodec,
  eventVerifyJob,
  HASH_BYTES,
  parseSignedEvent,
  type Entry,
  type Event,
  type SignedEvent,
} from '../../../event/index.ts';
import { appendLeaf, leafHash } from '../../../merkle/index.ts';
import { err, ok, type Result } from '../../../result.ts';
import { chainGenesis, checkGenesis, type Genesis } from '../../genesis.ts';
import type { Position, RuleTable } from '../../rule.ts';
import type { FactsFault } from './facts.ts';

type Verify = NonNullable<Position['verify']>;

/** Roots of the perfect subtrees of the largest tree. */
const MAX_RANGE_NODES = 53;

/** How far a group knows another chain, as fields of what its state says of it. */
export const importedPart = {
  /** Entries of it that were imported: all up to here. */
  size: uint64,
  /** Leaf hash of the newest of them. */
  head: opaque(HASH_BYTES),
  /** relay_time of the newest of them. */
  relayTime: uint64,
  /** Roots of the perfect subtrees of what was imported, largest first: the next import goes on from them. */
  range: vector(opaque(HASH_BYTES), MAX_RANGE_NODES),
};

/** What entries of a group have proved of another chain. */
export interface Imported<State> {
  readonly size: number;
  readonly head: Uint8Array;
  readonly relayTime: number;
  readonly range: readonly Uint8Array[];
  readonly state: State;
}

/** What any state of a chain has. */
export interface ImportableState {
  readonly genesis: Genesis;
  readonly lastStrictIndex: number;
}

/** The kind of chain that is imported: how it is founded, and the rules that it grows by. */
export interface ImportedKind<State extends ImportableState> {
  /** Undefined for a genesis of another kind. */
  found(genesis: Genesis, founder: Uint8Array): State | undefined;
  readonly rules: RuleTable<State>;
}

/** An import that is under way: before entry 0 nothing is known but the chain's id. */
export type Import<State> = Omit<Imported<State>, 'state'> & { readonly state: State | undefined };

/** One more entry of the chain. */
export interface EntryToImport<State extends ImportableState> {
  readonly kind: ImportedKind<State>;
  readonly chain: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Where the import of any chain begins. */
export const NOTHING_IMPORTED: Import<never> = {
  size: 0,
  head: new Uint8Array(HASH_BYTES),
  relayTime: 0,
  range: [],
  state: undefined,
};

/** The import with one more entry of its chain, as an audit of that chain would take it (`AU1`). */
export function importEntry<State extends ImportableState>(
  before: Import<State>,
  { kind, chain, bytes }: EntryToImport<State>,
  verify: Verify,
): Result<Import<State>, FactsFault | 'old'> {
  const entry = decode(entryCodec, bytes);
  if (!entry.ok) return err('entry');
  const { index, prev, relayTime } = entry.value;
  if (index !== before.size) return err(index < before.size ? 'old' : 'gap');
  if (!equalBytes(prev, before.head) || relayTime < before.relayTime) return err('link');
  const signed = parseSignedEvent(entry.value.event, entry.value.signature);
  if (!signed.ok) return err('entry');
  if (verify([eventVerifyJob(signed.value)])[0] !== true) return err('signature');
  const named = index === 0 ? chainIdOf(signed.value) : signed.value.event.chain;
  if (!equalBytes(named, chain)) return err('chain');
  const state = stateAfter(before, kind, { entry: entry.value, signed: signed.value, verify });
  if (state === undefined) return err('rule');
  const head = leafHash(bytes);
  const { range } = appendLeaf({ size: before.size, nodes: before.range }, head);
  return ok({ size: index + 1, head, relayTime, range: range.nodes, state });
}

function stateAfter<State extends ImportableState>(
  before: Import<State>,
  kind: ImportedKind<State>,
  {
    entry,
    signed: { event },
    verify,
  }: { readonly entry: Entry; readonly signed: SignedEvent; readonly verify: Verify },
): State | undefined {
  if (before.state === undefined) return foundedBy(kind, event);
  const rule = kind.rules.get(event.type);
  const body = rule?.definition.decodeBody(event.body);
  if (rule === undefined || body?.ok !== true) return undefined;
  const { state } = before;
  const { actor, chain, eventId } = event;
  const position = { index: entry.index, relayTime: entry.relayTime, actor, chain, eventId, verify };
  const isAllowed =
    rule.permit(state, actor, body.value) === undefined &&
    isOnTop(before, state, event, rule.definition.ordering) &&
    rule.check(state, position, body.value) === undefined;
  if (!isAllowed) return undefined;
  const next = rule.apply(state, position, body.value);
  return rule.definition.ordering === 'strict' ? { ...next, lastStrictIndex: entry.index } : next;
}

/** `AP7`, as far as it can be told: of the leaves below the newest, a group keeps none. */
function isOnTop(
  { size, head }: Omit<Import<unknown>, 'state'>,
  { lastStrictIndex }: ImportableState,
  { seenIndex, seenHash }: Event,
  ordering: 'strict' | 'observed',
): boolean {
  if (seenIndex >= size) return false;
  if (ordering === 'strict' && seenIndex < lastStrictIndex) return false;
  return seenIndex < size - 1 || equalBytes(seenHash, head);
}

function foundedBy<State extends ImportableState>(
  kind: ImportedKind<State>,
  { type, chain, actor, body }: Event,
): State | undefined {
  if (type !== chainGenesis.type || chain.length !== 0) return undefined;
  const genesis = chainGenesis.decodeBody(body.slice());
  if (!genesis.ok || checkGenesis(genesis.value) !== undefined) return undefined;
  return kind.found(genesis.value, actor);
}
