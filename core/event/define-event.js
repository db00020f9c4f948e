import { decode, encode, printNotation } from '../codec/index.ts';
import { entryCodec, eventTbs } from './event.ts';
/** Applications own the upper half of the code points; the relay orders their events and never reads their bodies. */
export const FIRST_APPLICATION_TYPE = 0x8000;
/** From here on application types are strict; below it they are observed. */
export const FIRST_STRICT_APPLICATION_TYPE = 0xc000;
const MAX_TYPE = 0xffff;
const NAME = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/;
/**
 * Defines a kind of event. Who did it, when, after what, and the signature belong to the envelope that every event
 * travels in (`EV1`, `EV2`), so a definition can neither leave them out nor rename them. Throws on a name or code point
 * that the protocol can't carry: a definition is written by a programmer, not received.
 */
export function defineEvent(description) {
    const { type, name, body } = description;
    if (!Number.isInteger(type) || type < 1 || type > MAX_TYPE)
        throw new RangeError(`${name}: type ${type} is no uint16`);
    if (!NAME.test(name))
        throw new RangeError(`'${name}' is not dotted kebab-case, such as todo.item-added`);
    return {
        type,
        name,
        ordering: orderingOf(description),
        body,
        encodeBody: (value) => encode(body, value),
        decodeBody: (bytes) => decode(body, bytes),
        view: (value) => body.view(value),
        get schema() {
            return schemaOf(type, name, body);
        },
    };
}
/** What the code point says of an application's event; the relay knows nothing else of it. */
export function applicationOrdering(type) {
    return type >= FIRST_STRICT_APPLICATION_TYPE ? 'strict' : 'observed';
}
function orderingOf({ type, name, ordering }) {
    if (type < FIRST_APPLICATION_TYPE) {
        if (ordering === undefined)
            throw new RangeError(`${name}: a built-in type states its ordering`);
        return ordering;
    }
    const implied = applicationOrdering(type);
    if (ordering !== undefined && ordering !== implied) {
        throw new RangeError(`${name}: type 0x${type.toString(16)} is ${implied} by its code point; ` +
            `strict types begin at 0x${FIRST_STRICT_APPLICATION_TYPE.toString(16)}`);
    }
    return implied;
}
function schemaOf(type, name, body) {
    const code = type.toString(16).padStart(4, '0');
    return [
        `/* ${name}: type = 0x${code}, in EventTBS.body */\n${printNotation(body.notation)}`,
        `/* the envelope that the actor signs */\n${printNotation(eventTbs.notation)}`,
        `/* the entry that the relay sequences */\n${printNotation(entryCodec.notation)}`,
    ].join('\n\n');
}
