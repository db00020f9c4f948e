import { applicationOrdering, FIRST_APPLICATION_TYPE, } from '../event/index.ts';
import { toBase64Url } from '../bytes/index.ts';
import { err, ok } from '../result.ts';
import { admittedAt } from './chain-state.ts';
import { chainGenesis, checkGenesis } from './genesis.ts';
import { foundGroup, requireCreated } from './group/group-state.ts';
import { groupRules } from './group/index.ts';
import { requireRole } from './group/roster.ts';
import { foundIdentity } from './identity/identity-state.ts';
/** Every built-in event type, for schemas and readable views. */
export const eventDefinitions = [
    chainGenesis,
    ...[...groupRules.values()].map((rule) => rule.definition),
];
const definitionOf = new Map(eventDefinitions.map((definition) => [definition.type, definition]));
/** The body of an event that may found a chain: a genesis and nothing else (`CH1`). */
export function parseGenesis({ type, body }) {
    if (type !== chainGenesis.type)
        return err({ code: 'unknown-event-type', eventType: type });
    // A copy: the state keeps what it holds for as long as the chain lives, and the event may view a whole frame.
    return chainGenesis.decodeBody(body.slice());
}
/**
 * The first state of a chain (`CH3`). Total over what `parseSignedEvent` lets through: anything but a valid genesis is
 * refused.
 */
export function foundChain(event) {
    const genesis = parseGenesis(event);
    if (!genesis.ok)
        return genesis;
    const refusal = checkGenesis(genesis.value);
    return refusal === undefined ? ok(foundState(genesis.value, event.actor)) : err(refusal);
}
function foundState(genesis, founder) {
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
export function transition(state, event) {
    if (event.type >= FIRST_APPLICATION_TYPE)
        return ok(applicationTransition(state, event));
    const definition = definitionOf.get(event.type);
    if (definition === undefined)
        return err({ code: 'unknown-event-type', eventType: event.type });
    const body = definition.decodeBody(event.body);
    if (!body.ok)
        return body;
    const rule = state.kind === 'group' ? groupRules.get(event.type) : undefined;
    if (state.kind !== 'group' || rule === undefined)
        return ok(misplacedTransition(state, event, definition.ordering));
    return ok(groupTransition(state.value, rule, event, body.value));
}
/** An event type of another kind of chain, or a second genesis: those who may read are told, others only that they may not. */
function misplacedTransition(state, { type, actor }, ordering) {
    return {
        ordering,
        payload: undefined,
        permit: () => requirePresence(state, actor),
        check: () => ({ code: 'unknown-event-type', eventType: type }),
        apply: () => state,
    };
}
function requirePresence(state, actor) {
    if (state.kind === 'group')
        return requireRole(state.value.roster, actor, 'reader');
    return admittedAt(state, actor) === undefined ? { code: 'not-permitted' } : undefined;
}
function groupTransition(state, rule, { actor }, body) {
    const { ordering } = rule.definition;
    return {
        ordering,
        payload: rule.payload?.(body),
        permit: () => rule.permit(state, actor, body),
        check: (index) => rule.check(state, { index, actor }, body),
        apply: (index) => {
            const position = { index, actor };
            const next = rule.apply(state, position, body);
            return { kind: 'group', value: ordering === 'strict' ? { ...next, lastStrictIndex: index } : next };
        },
    };
}
/** The relay orders an application's events by members and leaves their meaning to the application (`AP10`). */
function applicationTransition(state, { type, actor }) {
    const ordering = applicationOrdering(type);
    return {
        ordering,
        payload: undefined,
        permit: () => state.kind === 'group' ? requireRole(state.value.roster, actor, 'member') : { code: 'not-permitted' },
        check: () => (state.kind === 'group' ? requireCreated(state.value) : undefined),
        apply: (index) => (ordering === 'strict' ? withStrictIndex(state, index) : state),
    };
}
function withStrictIndex(state, lastStrictIndex) {
    return state.kind === 'group'
        ? { kind: 'group', value: { ...state.value, lastStrictIndex } }
        : { kind: 'identity', value: { ...state.value, lastStrictIndex } };
}
/** An event's type name and readable body; a type that only the application knows shows its bytes. */
export function viewBody({ type, body }) {
    const definition = definitionOf.get(type);
    const parsed = definition?.decodeBody(body);
    if (definition === undefined || parsed?.ok !== true) {
        return { type: `0x${type.toString(16).padStart(4, '0')}`, body: toBase64Url(body) };
    }
    return { type: definition.name, body: definition.view(parsed.value) };
}
