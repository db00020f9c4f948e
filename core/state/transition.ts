import { decode, type DecodeRefusal, type Json } from '../codec/index.ts';
import {
  applicationOrdering,
  FIRST_APPLICATION_TYPE,
  type Event,
  type EventDefinition,
  type Ordering,
} from '../event/index.ts';
import { toBase64Url } from '../bytes/index.ts';
import { err, ok, type Result } from '../result.ts';
import type { ChainState } from './chain-state.ts';
import { chainGenesis, checkGenesis, type Genesis } from './genesis.ts';
import { foundGroup, type GroupState } from './group/group-state.ts';
import { groupRules } from './group/index.ts';
import { requireRole } from './group/roster.ts';
import { foundIdentity } from './identity/identity-state.ts';
import type { PayloadName, Position, Rule, RuleRefusal } from './rule.ts';

export type TransitionRefusal = RuleRefusal | DecodeRefusal;

/** What an event would do to a state, with its body parsed. Nothing has been decided about its place in the log. */
export interface Transition {
  readonly ordering: Ordering;
  readonly payload: PayloadName | undefined;
  permit(): RuleRefusal | undefined;
  check(index: number): RuleRefusal | undefined;
  apply(index: number): ChainState;
}

/** Every built-in event type, for schemas and readable views. */
export const eventDefinitions: readonly EventDefinition<unknown>[] = [
  chainGenesis,
  ...[...groupRules.values()].map((rule) => rule.definition),
];

const definitionOf = new Map(eventDefinitions.map((definition) => [definition.type, definition]));

/**
 * The first state of a chain (`CH1`, `CH3`). Total over what `parseSignedEvent` lets through: anything but a valid genesis
 * is refused.
 */
export function foundChain(event: Event): Result<ChainState, TransitionRefusal> {
  if (event.type !== chainGenesis.type || event.chain.length !== 0)
    return err({ code: 'unknown-event-type', type: event.type });
  const body = chainGenesis.decodeBody(event.body);
  if (!body.ok) return body;
  const refusal = checkGenesis(body.value);
  return refusal === undefined ? ok(foundState(body.value, event.actor)) : err(refusal);
}

function foundState(genesis: Genesis, founder: Uint8Array): ChainState {
  switch (genesis.parameters.kind) {
    case 'identity':
      return { kind: 'identity', value: foundIdentity(genesis, founder) };
    case 'group':
      return { kind: 'group', value: foundGroup(genesis, founder) };
  }
}

/** Finds the rule for an event and parses its body: the only way to a later state (`ST1`). */
export function transition(state: ChainState, event: Event): Result<Transition, TransitionRefusal> {
  if (event.type >= FIRST_APPLICATION_TYPE) return ok(applicationTransition(state, event));
  const rule = state.kind === 'group' ? groupRules.get(event.type) : undefined;
  if (state.kind !== 'group' || rule === undefined) return err({ code: 'unknown-event-type', type: event.type });
  const body = decode(rule.definition.body, event.body);
  return body.ok ? ok(groupTransition(state.value, rule, event, body.value)) : body;
}

function groupTransition(
  state: GroupState,
  rule: Rule<GroupState, unknown>,
  { actor }: Event,
  body: unknown,
): Transition {
  const { ordering } = rule.definition;
  return {
    ordering,
    payload: rule.payload?.(body),
    permit: () => rule.permit(state, actor, body),
    check: (index) => rule.check(state, { index, actor }, body),
    apply: (index) => {
      const position: Position = { index, actor };
      const next = rule.apply(state, position, body);
      return { kind: 'group', value: ordering === 'strict' ? { ...next, lastStrictIndex: index } : next };
    },
  };
}

/** The relay orders an application's events by members and leaves their meaning to the application (`AP10`). */
function applicationTransition(state: ChainState, { type, actor }: Event): Transition {
  const ordering = applicationOrdering(type);
  return {
    ordering,
    payload: undefined,
    permit: () =>
      state.kind === 'group' ? requireRole(state.value.roster, actor, 'member') : { code: 'not-permitted' },
    check: () => undefined,
    apply: (index) => (ordering === 'strict' ? withStrictIndex(state, index) : state),
  };
}

function withStrictIndex(state: ChainState, lastStrictIndex: number): ChainState {
  return state.kind === 'group'
    ? { kind: 'group', value: { ...state.value, lastStrictIndex } }
    : { kind: 'identity', value: { ...state.value, lastStrictIndex } };
}

/** An event's type name and readable body; a type that only the application knows shows its bytes. */
export function viewBody({ type, body }: Event): { readonly type: string; readonly body: Json } {
  const definition = definitionOf.get(type);
  const parsed = definition?.decodeBody(body);
  if (definition === undefined || parsed?.ok !== true) {
    return { type: `0x${type.toString(16).padStart(4, '0')}`, body: toBase64Url(body) };
  }
  return { type: definition.name, body: definition.view(parsed.value) };
}
