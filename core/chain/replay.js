import { equalBytes } from '../bytes/index.ts';
import { decode } from '../codec/index.ts';
import { entryCodec, eventVerifyJob, HASH_BYTES, parseSignedEvent, } from '../event/index.ts';
import { appendLeaf, EMPTY_RANGE, leafHash, rootOf } from '../merkle/index.ts';
import { err, ok } from '../result.ts';
import { admitEvent, admitGenesis } from './admission.ts';
import { chainIdOf } from './chain-id.ts';
export function beginReplay(chain) {
    return { chain, size: 0, head: new Uint8Array(HASH_BYTES), relayTime: 0, range: EMPTY_RANGE, state: undefined };
}
/** The Merkle root over all entries replayed so far (RFC 9162 §2.1.1). */
export function replayRoot({ range }) {
    return rootOf(range);
}
/** Parses entries up to the first that is none. */
export function parseEntries(entries) {
    const steps = [];
    for (const bytes of entries) {
        const step = parseStep(bytes);
        if (step === undefined)
            return { steps, endsMalformed: true };
        steps.push(step);
    }
    return { steps, endsMalformed: false };
}
function parseStep(bytes) {
    const entry = decode(entryCodec, bytes);
    if (!entry.ok)
        return undefined;
    const signed = parseSignedEvent(entry.value.event, entry.value.signature);
    return signed.ok ? { entry: entry.value, signed: signed.value, leaf: leafHash(bytes) } : undefined;
}
export function replayJobs({ steps }) {
    return steps.map(({ signed }) => eventVerifyJob(signed));
}
/**
 * Replays parsed entries onto a cursor: index, link, time, chain, signature verdict, then the rules that the relay had to
 * keep (`AU1`). Stops at the first entry that breaks one. `verdicts` come from a signature checker over `replayJobs`.
 */
export function replayEntries(cursor, { steps, endsMalformed }, verdicts, history) {
    if (verdicts.length !== steps.length)
        throw new Error('one verdict per entry');
    let next = cursor;
    for (const [i, step] of steps.entries()) {
        const fault = checkStep(next, step, verdicts[i] === true);
        if (fault !== undefined)
            return faultAt(next, { code: fault });
        const state = stateAfter(next, step, history);
        if (!state.ok)
            return faultAt(next, { code: 'forbidden-entry', rule: state.error.code });
        const { actor, eventId } = step.signed.event;
        if (!history.claimEventId(actor, eventId))
            return faultAt(next, { code: 'event-id-repeated' });
        history.push({ hash: step.leaf, relayTime: step.entry.relayTime });
        next = advance(next, step, state.value);
    }
    return endsMalformed ? faultAt(next, { code: 'malformed-entry' }) : ok(next);
}
function faultAt(before, fault) {
    return err({ ...fault, index: before.size, before });
}
function advance({ chain, size, range }, { leaf, entry }, state) {
    return { chain, size: size + 1, head: leaf, relayTime: entry.relayTime, range: appendLeaf(range, leaf).range, state };
}
function checkStep(cursor, { entry, signed }, isSigned) {
    if (entry.index !== cursor.size)
        return 'wrong-index';
    if (!equalBytes(entry.prev, cursor.head))
        return 'broken-link';
    if (entry.relayTime < cursor.relayTime)
        return 'time-fell';
    const chain = cursor.size === 0 ? chainIdOf(signed) : signed.event.chain;
    if (!equalBytes(chain, cursor.chain))
        return 'wrong-chain';
    return isSigned ? undefined : 'bad-signature';
}
function stateAfter({ state, size }, { entry, signed }, history) {
    if (state === undefined)
        return admitGenesis(signed.event);
    const view = { state, size, leafAt: (index) => history.at(index) };
    const admission = admitEvent(view, signed.event, entry.relayTime);
    return admission.ok ? ok(admission.value.state) : admission;
}
