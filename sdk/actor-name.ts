import { sha256, signContent } from '../core/index.ts';

const LABEL = 'TeraChat Fingerprint v1';
/** RFC 4648 base32, lower case: no 0, 1 or 8 to be taken for a letter. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const CHARACTERS = 16;
const GROUP = 4;
const BITS_PER_CHARACTER = 5;

/**
 * An actor in a form that people can compare by eye or on the telephone: `k7fq-2mxd-xw3n-abcd`, 80 bits of a hash. Enough
 * that nobody makes a second key with the same one; still not a name, and never accepted in place of the actor itself.
 */
export function fingerprintOf(actor: Uint8Array): string {
  const hash = sha256(signContent(LABEL, actor));
  let text = '';
  for (let i = 0; i < CHARACTERS; i++) {
    if (i > 0 && i % GROUP === 0) text += '-';
    text += ALPHABET[bitsAt(hash, i * BITS_PER_CHARACTER)] as string;
  }
  return text;
}

/** Five bits from a position on, the most significant first. */
function bitsAt(bytes: Uint8Array, position: number): number {
  const byte = position >> 3;
  const pair = ((bytes[byte] as number) << 8) | (bytes[byte + 1] as number);
  return (pair >> (16 - BITS_PER_CHARACTER - (position & 7))) & 0x1f;
}
