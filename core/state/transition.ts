import type { DecodeRefusal, Json } from '../codec/index.ts';
import {
  applicationOrdering,
  FIRST_APPLICATION_TYPE,
  type Event,
  type EventDefinition,
  type Ordering,
} from '../event/index.ts';
import { toBase64Url } from '../bytes/index.ts';
import { err, ok, type Result } from '../result.ts';
import { admittedAt, type ChainState } from './chain-state.ts';
import { chainGenesis, checkGenesis, type Genesis } from './genesis.ts';
import { foundGroup, requireCreated, requireGoing, type GroupState } from './group/group-state.ts';
import { groupRules } from './group/index.ts';
import { requireRole } from './group/roster.ts';
import { foundIdentity } from './identity/identity-state.ts';
import type { PayloadName, Position, Rule, RuleRefusal } from './rule.ts';

/** A rule of the type that was broken, or a body that is none. */
export type TransitionRefusal = RuleRefusal | DecodeRefusal;

/** What an event would do to a state, with its body parsed. Nothing has been decided about its place in the log. */
export interface Transition {
  readonly ordering: Ordering;
  /** A strict event whose actor had not seen this entry is stale (`AP7`). */
  readonly staleBefore: number;
  readonly payload: PayloadName | undefined;
  /** Whether the actor may do this at all (`GR3`). Asked before anything else of the state is told. */
  permit(): RuleRefusal | undefined;
  /** Whether it fits the state, as the entry at this index. */
  check(index: number): RuleRefusal | undefined;
  /** The state with it. Only after `permit` and `check` had nothing against it. */
  apply(index: number): ChainState;
}

/** Every built-in event type, for schemas and readable views. */
export const eventDefinitions: readonly EventDefinition<unknown>[] = [
  chainGenesis,
  ...[...groupRules.values()].map((rule) => rule.definition),
];

const definitionOf = new Map(eventDefinitions.map((definition) => [definition.type, definition]));

/** The body of an event that may found a chain: a genesis and nothing else (`CH1`). */
export function parseGenesis({ type, body }: Event): Result<Genesis, TransitionRefusal> {
  if (type !== chainGenesis.type) return err({ code: 'unknown-event-type', eventType: type });
  // A copy: the state keeps what it holds for as long as the chain lives, and the event may view a whole frame.
  return chainGenesis.decodeBody(body.slice());
}

/**
 * The first state of a chain (`CH3`). Total over what `parseSignedEvent` lets through: anything but a valid genesis is
 * refused.
 */
export function foundChain(event: Event): Result<ChainState, TransitionRefusal> {
  const genesis = parseGenesis(event);
  if (!genesis.ok) return genesis;
  const refusal = checkGenesis(genesis.value);
  return refusal === undefined ? ok(foundState(genesis.value, event.actor)) : err(refusal);
}

function foundState(genesis: Genesis, founder: Uint8Array): ChainState {
  switch (genesis.parameters.kind) {
    case 'identity':
      return { kind: 'identity', value: foundIdentity(genesis, founder) };
    case 'group':
      return { kind: 'group', value: foundGroup(genesis, founder) };
  }
}

/**
 * Finds the rule for an event and parses its body: the only way to a later state (`ST1`). A refusal here follows from the
 * event alone, so that it tells a stranger nothing of the chain (`AP9`).
 */
export function transition(state: ChainState, event: Event): Result<Transition, TransitionRefusal> {
  if (event.type >= FIRST_APPLICATION_TYPE) return ok(applicationTransition(state, event));
  const definition = definitionOf.get(event.type);
  if (definition === undefined) return err({ code: 'unknown-event-type', eventType: event.type });
  const body = definition.decodeBody(event.body);
  if (!body.ok) return body;
  const rule = state.kind === 'group' ? groupRules.get(event.type) : undefined;
  if (state.kind !== 'group' || rule === undefined) return ok(misplacedTransition(state, event, definition.ordering));
  return ok(groupTransition(state.value, rule, event, body.value));
}

/** An event type of another kind of chain, or a second genesis: those who may read are told, others only that they may not. */
function misplacedTransition(state: ChainState, { type, actor }: Event, ordering: Ordering): Transition {
  return {
    ordering,
    staleBefore: 0,
    payload: undefined,
    permit: () => requirePresence(state, actor),
    check: () => ({ code: 'unknown-event-type', eventType: type }),
    apply: () => state,
  };
}

function requirePresence(state: ChainState, actor: Uint8Array): RuleRefusal | undefined {
  if (state.kind === 'group') return requireRole(state.value.roster, actor, 'reader');
  return admittedAt(state, actor) === undefined ? { code: 'not-permitted' } : undefined;
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
    staleBefore: state.lastStrictIndex,
    payload: rule.payload?.(body),
    permit: () => rule.permit(state, actor, body),
    check: (index) => requireGoing(state) ?? rule.check(state, { index, actor }, body),
    apply: (index) => {
      const position: Position = { index, actor };
      const next = rule.apply(state, position, body);
      return { kind: 'group', value: ordering === 'strict' ? { ...next, lastStrictIndex: index } : next };
    },
  };
}

/**
 * The relay orders an application's events by members and leaves their meaning to the application (`AP10`). Its strict
 * events yield to changes of the group and to each other, and never make a change of the group stale: a member who floods
 * the chain with them can't hold up its own removal.
 */
function applicationTransition(state: ChainState, { type, actor }: Event): Transition {
  const ordering = applicationOrdering(type);
  if (state.kind !== 'group') return { ...NOBODYS_TRANSITION, ordering, apply: () => state };
  const group = state.value;
  return {
    ordering,
    staleBefore: Math.max(group.lastStrictIndex, group.lastApplicationIndex),
    payload: undefined,
    permit: () => requireRole(group.roster, actor, 'member'),
    check: () => requireGoing(group) ?? requireCreated(group),
    apply: (index) =>
      ordering === 'strict' ? { kind: 'group', value: { ...group, lastApplicationIndex: index } } : state,
  };
}

/** Chains without members take no application's events from anyone. */
const NOBODYS_TRANSITION = {
  staleBefore: 0,
  payload: undefined,
  permit: () => ({ code: 'not-permitted' }) as const,
  check: () => undefined,
};

/** An event's type name and readable body; a type that only the application knows shows its bytes. */
export function viewBody({ type, body }: Event): { readonly type: string; readonly body: Json } {
  const definition = definitionOf.get(type);
  const parsed = definition?.decodeBody(body);
  if (definition === undefined || parsed?.ok !== true) {
    return { type: `0x${type.toString(16).padStart(4, '0')}`, body: toBase64Url(body) };
  }
  return { type: definition.name, body: definition.view(parsed.value) };
}
