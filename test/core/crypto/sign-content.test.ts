import { expect, test } from 'vitest';
import { signContent } from '../../../core/crypto/index.ts';

const LABEL = 'ab';
const LABEL_BYTES = [2, 0x61, 0x62];

/** Content length, and the prefix that RFC 9420 §2.1.2 gives it. */
const PREFIXES: readonly [number, readonly number[]][] = [
  [0, [0]],
  [1, [1]],
  [63, [63]],
  [64, [0x40, 64]],
  [300, [0x41, 0x2c]],
  [16_383, [0x7f, 0xff]],
  [16_384, [0x80, 0, 0x40, 0]],
  [70_000, [0x80, 1, 0x11, 0x70]],
];

test('[ED8] writes label and content, each behind its shortest length prefix', () => {
  for (const [length, prefix] of PREFIXES) {
    const content = new Uint8Array(length).fill(7);
    const expected = Uint8Array.from([...LABEL_BYTES, ...prefix, ...content]);
    expect(Buffer.compare(signContent(LABEL, content), expected), `${length}`).toBe(0);
  }
});

test('[ED8] has no two readings: moving a byte from label to content changes the bytes', () => {
  expect(signContent('a', Uint8Array.of(0x62))).not.toEqual(signContent('ab', new Uint8Array(0)));
});

test('[ED8] refuses a label that is not ASCII', () => {
  expect(() => signContent('é', new Uint8Array(0))).toThrow(RangeError);
});
