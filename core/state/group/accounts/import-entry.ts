import { equalBytes } from '../../../bytes/index.ts';
import { chainIdOf } from '../../../chain/chain-id.ts';
import { decode } from '../../../codec/index.ts';
import {
  entryCodec,
  eventVerifyJob,
  HASH_BYTES,
  parseSignedEvent,
  type Entry,
  type SignedEvent,
} from '../../../event/index.ts';
import { appendLeaf, leafHash } from '../../../merkle/index.ts';
import { err, ok, type Result } from '../../../result.ts';
import { chainGenesis, checkGenesis } from '../../genesis.ts';
import { foundIdentity, type IdentityState } from '../../identity/identity-state.ts';
import { identityRules } from '../../identity/index.ts';
import type { Position } from '../../rule.ts';
import type { Account } from './account.ts';
import type { FactsFault } from './facts.ts';

/** An account whose import is under way: before entry 0 nothing is known but its id. */
export type Import = Omit<Account, 'state'> & { readonly state: IdentityState | undefined };

type Step = Result<Import, FactsFault | 'old'>;
type Verify = NonNullable<Position['verify']>;

/** Where the import of this chain begins. */
export function beginImport(identity: Uint8Array): Import {
  const head = new Uint8Array(HASH_BYTES);
  return { identity: identity.slice(), size: 0, head, relayTime: 0, range: [], state: undefined };
}

/** The import with one more entry of the identity chain, as an audit of that chain would take it (`AU1`). */
export function importEntry(before: Import, bytes: Uint8Array, verify: Verify): Step {
  const entry = decode(entryCodec, bytes);
  if (!entry.ok) return err('entry');
  const { index, prev, relayTime } = entry.value;
  if (index !== before.size) return err(index < before.size ? 'old' : 'gap');
  if (!equalBytes(prev, before.head) || relayTime < before.relayTime) return err('link');
  const signed = parseSignedEvent(entry.value.event, entry.value.signature);
  if (!signed.ok) return err('entry');
  if (verify([eventVerifyJob(signed.value)])[0] !== true) return err('signature');
  const chain = index === 0 ? chainIdOf(signed.value) : signed.value.event.chain;
  if (!equalBytes(chain, before.identity)) return err('chain');
  const state = stateAfter(before, entry.value, signed.value, verify);
  if (state === undefined) return err('rule');
  const head = leafHash(bytes);
  const { range } = appendLeaf({ size: before.size, nodes: before.range }, head);
  return ok({ ...before, size: index + 1, head, relayTime, range: range.nodes, state });
}

function stateAfter(before: Import, entry: Entry, { event }: SignedEvent, verify: Verify): IdentityState | undefined {
  if (before.state === undefined) return foundedBy(event);
  const rule = identityRules.get(event.type);
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
  { size, head }: Import,
  { lastStrictIndex }: IdentityState,
  { seenIndex, seenHash }: SignedEvent['event'],
  ordering: 'strict' | 'observed',
): boolean {
  if (seenIndex >= size) return false;
  if (ordering === 'strict' && seenIndex < lastStrictIndex) return false;
  return seenIndex < size - 1 || equalBytes(seenHash, head);
}

function foundedBy({ type, chain, actor, body }: SignedEvent['event']): IdentityState | undefined {
  if (type !== chainGenesis.type || chain.length !== 0) return undefined;
  const genesis = chainGenesis.decodeBody(body.slice());
  if (!genesis.ok || genesis.value.parameters.kind !== 'identity') return undefined;
  return checkGenesis(genesis.value) === undefined ? foundIdentity(genesis.value, actor) : undefined;
}
