import { sha256, signContent, toBase32 } from '../core/index.ts';

const LABEL = 'TeraChat Fingerprint v1';
const CHARACTERS = 16;
const GROUP = /.{4}(?=.)/g;

/**
 * An actor in a form that people can compare by eye or on the telephone: `k7fq-2mxd-xw3n-abcd`, 80 bits of a hash. Enough
 * that nobody makes a second key with the same one; still not a name, and never accepted in place of the actor itself.
 */
export function fingerprintOf(actor: Uint8Array): string {
  return comparable(LABEL, actor);
}

/** Anything in that form, under a label of its own: what has one meaning can't be shown as another. */
export function comparable(label: string, content: Uint8Array): string {
  return toBase32(sha256(signContent(label, content)))
    .slice(0, CHARACTERS)
    .replace(GROUP, '$&-');
}
