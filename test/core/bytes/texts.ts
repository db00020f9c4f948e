import fc from 'fast-check';

/** A code point of each length in UTF-8 as likely as the others; never a surrogate. */
const codePoints = fc.oneof(
  fc.nat(0x7f),
  fc.integer({ min: 0x80, max: 0x7ff }),
  fc.integer({ min: 0x800, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0xffff }),
  fc.integer({ min: 0x10000, max: 0x10ffff }),
);

/** Every well-formed text of up to so many code points. */
export function texts(maxLength: number): fc.Arbitrary<string> {
  return fc.array(codePoints, { maxLength }).map((points) => String.fromCodePoint(...points));
}
