import { ACTOR_BYTES, fromBase64Url } from '../core/index.ts';

/** Throws a TypeError for what can't be an actor: it is the caller's to check what people type. */
export function parseActor(text: string): Uint8Array {
  const bytes = fromBase64Url(text);
  if (bytes?.length !== ACTOR_BYTES) throw notAnActor(text);
  return bytes;
}

/** Says what one looks like: a name in the place of the key is the mistake that everybody makes once. */
export function notAnActor(text: string): TypeError {
  return new TypeError(`'${text}' is no actor: that is a public key of 43 characters, which \`identity.actor\` gives`);
}

/** The same for one or several, each once; throws for none. */
export function parseActors(texts: string | readonly string[]): readonly [Uint8Array, ...Uint8Array[]] {
  const [first, ...others] = new Set(typeof texts === 'string' ? [texts] : texts);
  if (first === undefined) throw new TypeError('no actor was named');
  return [parseActor(first), ...others.map(parseActor)];
}
