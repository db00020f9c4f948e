import { decode, encode, printNotation, type Codec, type DecodeRefusal, type Json } from '../codec/index.ts';
import type { Result } from '../result.ts';
import { entryCodec, eventTbs } from './event.ts';

/**
 * How an event stands to others that its actor had not seen (`AP7`, `AP8`): a strict one is refused when another strict
 * event came first, an observed one never is.
 */
export type Ordering = 'strict' | 'observed';

/** Applications own the upper half of the code points; the relay orders their events and never reads their bodies. */
export const FIRST_APPLICATION_TYPE = 0x8000;
/** From here on application types are strict; below it they are observed. */
export const FIRST_STRICT_APPLICATION_TYPE = 0xc000;
const MAX_TYPE = 0xffff;
const NAME = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/;

/** What `defineEvent` takes. */
export interface EventDescription<Body> {
  /** Code point; 0x8000–0xbfff for an application's observed events, 0xc000–0xffff for its strict ones. */
  readonly type: number;
  /** Dotted kebab-case, such as `todo.item-added`. */
  readonly name: string;
  readonly ordering?: Ordering;
  readonly body: Codec<Body>;
}

/** One kind of event: its code point and the one encoding of its body. */
export interface EventDefinition<Body> {
  readonly type: number;
  readonly name: string;
  readonly ordering: Ordering;
  readonly body: Codec<Body>;
  /** Throws a RangeError for a body that does not fit its codec. */
  encodeBody(body: Body): Uint8Array;
  /** Refuses anything but the one encoding of a body. */
  decodeBody(bytes: Uint8Array): Result<Body, DecodeRefusal>;
  /** The readable form of a body: byte strings as base64url, 64-bit integers as decimal strings. */
  view(body: Body): Json;
  /** TLS presentation language of the body inside the event and the entry that carry it. */
  readonly schema: string;
}

/**
 * Defines a kind of event. Who did it, when, after what, and the signature belong to the envelope that every event
 * travels in (`EV1`, `EV2`), so a definition can neither leave them out nor rename them. Throws on a name or code point
 * that the protocol can't carry: a definition is written by a programmer, not received.
 */
export function defineEvent<Body>(description: EventDescription<Body>): EventDefinition<Body> {
  const { type, name, body } = description;
  if (!Number.isInteger(type) || type < 1 || type > MAX_TYPE)
    throw new RangeError(`${name}: type ${type} is no uint16`);
  if (!NAME.test(name)) throw new RangeError(`'${name}' is not dotted kebab-case, such as todo.item-added`);
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
export function applicationOrdering(type: number): Ordering {
  return type >= FIRST_STRICT_APPLICATION_TYPE ? 'strict' : 'observed';
}

function orderingOf<Body>({ type, name, ordering }: EventDescription<Body>): Ordering {
  if (type < FIRST_APPLICATION_TYPE) {
    if (ordering === undefined) throw new RangeError(`${name}: a built-in type states its ordering`);
    return ordering;
  }
  const implied = applicationOrdering(type);
  if (ordering !== undefined && ordering !== implied) {
    throw new RangeError(
      `${name}: type 0x${type.toString(16)} is ${implied} by its code point; ` +
        `strict types begin at 0x${FIRST_STRICT_APPLICATION_TYPE.toString(16)}`,
    );
  }
  return implied;
}

function schemaOf<Body>(type: number, name: string, body: Codec<Body>): string {
  const code = type.toString(16).padStart(4, '0');
  return [
    `/* ${name}: type = 0x${code}, in EventTBS.body */\n${printNotation(body.notation)}`,
    `/* the envelope that the actor signs */\n${printNotation(eventTbs.notation)}`,
    `/* the entry that the relay sequences */\n${printNotation(entryCodec.notation)}`,
  ].join('\n\n');
}
