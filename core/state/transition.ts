import type { DecodeRefusal, Json } from '../codec/index.ts';
import {
  applicationOrdering,
  FIRST_APPLICATION_TYPE,
  type Event,
  type EventDefinition,
  type Ordering,
} from '../event/index.ts';
import { toBase64Url } from '../bytes/index.ts';
import type { ChainPolicyCall } from '../policy/policy-executor.ts';
import { err, ok, type Result } from '../result.ts';
import type { ChainState } from './chain-state.ts';
import { chainGenesis, checkGenesis, type Genesis } from './genesis.ts';
import { foundGroup, requireCreated, requireGoing, type GroupState } from './group/group-state.ts';
import { groupRules } from './group/index.ts';
import { callAbout, checkInForce } from './group/policy/bound-policy.ts';
import { requireRole } from './group/roster.ts';
import { foundIdentity, requireDevice, type IdentityState } from './identity/identity-state.ts';
import { identityRules } from './identity/index.ts';
import { registryRules } from './registry/index.ts';
import { foundRegistry, requireCarrier, type RegistryState } from './registry/registry-state.ts';
import type { PayloadName, Place, PolicyConsent, Rule, RuleRefusal } from './rule.ts';

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
  /** Whether it fits the state, as the entry at this place. */
  check(place: Place): RuleRefusal | undefined;
  /** What the chain's policy has to be asked after that; undefined where it has no say. */
  policyCall(place: Place): ChainPolicyCall | undefined;
  /** The state with it. Only after `permit` and `check` had nothing against it, and with the consent of the policy where it is asked. */
  apply(place: Place, consent?: PolicyConsent): ChainState;
}

/** Every built-in event type, for schemas and readable views. */
export const eventDefinitions: readonly EventDefinition<unknown>[] = [
  chainGenesis,
  ...[...identityRules.values(), ...groupRules.values(), ...registryRules.values()].map((rule) => rule.definition),
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
    case 'registry':
      return { kind: 'registry', value: foundRegistry(genesis, founder, genesis.parameters.value.root) };
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
  const parsed: ParsedEvent = { event, body: body.value };
  return ok(transitionOfKind(state, parsed) ?? misplacedTransition(state, event, definition.ordering));
}

function transitionOfKind(state: ChainState, parsed: ParsedEvent): Transition | undefined {
  switch (state.kind) {
    case 'identity':
      return identityTransition(state.value, parsed);
    case 'group':
      return groupTransition(state.value, parsed);
    case 'registry':
      return registryTransition(state.value, parsed);
  }
}

interface ParsedEvent {
  readonly event: Event;
  readonly body: unknown;
}

function identityTransition(state: IdentityState, parsed: ParsedEvent): Transition | undefined {
  const rule = identityRules.get(parsed.event.type);
  return rule && ruledTransition({ state, rule, wrap: (value) => ({ kind: 'identity', value }) }, parsed);
}

function groupTransition(state: GroupState, parsed: ParsedEvent): Transition | undefined {
  const rule = groupRules.get(parsed.event.type);
  if (rule === undefined) return undefined;
  const ruled = ruledTransition({ state, rule, wrap: (value) => ({ kind: 'group', value }) }, parsed);
  const going: Transition = {
    ...ruled,
    check: (place) => (rule.outlivesGroup ? undefined : requireGoing(state)) ?? ruled.check(place),
  };
  return isGuarded(state, parsed.event) ? guardedTransition(state, parsed.event, going) : going;
}

/** `PB8`: after every other rule the policy may reject. It looks, and leaves no state. */
function guardedTransition(state: GroupState, event: Event, going: Transition): Transition {
  return {
    ...going,
    check: (place) => going.check(place) ?? checkInForce(state, place.relayTime),
    policyCall: ({ relayTime }) => callAbout(state, event, { relayTime, isGuarded: true }),
  };
}

function isGuarded({ policy }: GroupState, { type }: Event): boolean {
  return policy?.guards.includes(type) ?? false;
}

function registryTransition(state: RegistryState, parsed: ParsedEvent): Transition | undefined {
  const rule = registryRules.get(parsed.event.type);
  return rule && ruledTransition({ state, rule, wrap: (value) => ({ kind: 'registry', value }) }, parsed);
}

/** An event type of another kind of chain, or a second genesis: those who may read are told, others only that they may not. */
function misplacedTransition(state: ChainState, { type, actor }: Event, ordering: Ordering): Transition {
  return {
    ordering,
    staleBefore: 0,
    payload: undefined,
    permit: () => requirePresence(state, actor),
    check: () => ({ code: 'unknown-event-type', eventType: type }),
    policyCall: () => undefined,
    apply: () => state,
  };
}

function requirePresence(state: ChainState, actor: Uint8Array): RuleRefusal | undefined {
  switch (state.kind) {
    case 'group':
      return requireRole(state.value.roster, actor, 'reader');
    case 'identity':
      return requireDevice(state.value, actor);
    case 'registry':
      return requireCarrier(state.value, actor);
  }
}

/** A state of one kind, the rule for an event, and how its next value becomes the chain's. */
interface Ruled<State> {
  readonly state: State;
  readonly rule: Rule<State, unknown>;
  readonly wrap: (value: State) => ChainState;
}

function ruledTransition<State extends { readonly lastStrictIndex: number }>(
  { state, rule, wrap }: Ruled<State>,
  { event: { actor, chain, eventId }, body }: ParsedEvent,
): Transition {
  const { ordering } = rule.definition;
  return {
    ordering,
    staleBefore: state.lastStrictIndex,
    payload: rule.payload?.(body),
    permit: () => rule.permit(state, actor, body),
    check: (place) => rule.check(state, { ...place, actor, chain, eventId }, body),
    policyCall: (place) => rule.policyCall?.(state, { ...place, actor, chain, eventId }, body),
    apply: (place, consent) => {
      const next = rule.apply(state, { ...place, actor, chain, eventId }, body, consent);
      return wrap(ordering === 'strict' ? { ...next, lastStrictIndex: place.index } : next);
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
    policyCall: () => undefined,
    apply: ({ index }) =>
      ordering === 'strict' ? { kind: 'group', value: { ...group, lastApplicationIndex: index } } : state,
  };
}

/** Chains without members take no application's events from anyone. */
const NOBODYS_TRANSITION = {
  staleBefore: 0,
  payload: undefined,
  permit: () => ({ code: 'not-permitted' }) as const,
  check: () => undefined,
  policyCall: () => undefined,
};

/**
 * What the chain's policy has to be asked before this event can be taken; undefined where it has no say, also of what is no
 * event of this chain. Whether all else lets the event in is `admitEvent`'s to say, which asks for a verdict last.
 */
export function policyCallFor(state: ChainState, event: Event, relayTime: number): ChainPolicyCall | undefined {
  const change = transition(state, event);
  return change.ok ? change.value.policyCall({ index: NOWHERE, relayTime }) : undefined;
}

/** No call depends on the index. */
const NOWHERE = 0;

/** An event's type name and readable body; a type that only the application knows shows its bytes. */
export function viewBody({ type, body }: Event): { readonly type: string; readonly body: Json } {
  const definition = definitionOf.get(type);
  const parsed = definition?.decodeBody(body);
  if (definition === undefined || parsed?.ok !== true) {
    return { type: `0x${type.toString(16).padStart(4, '0')}`, body: toBase64Url(body) };
  }
  return { type: definition.name, body: definition.view(parsed.value) };
}
