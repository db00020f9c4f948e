import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatLogProof, parseLogProof, toBase64 } from '../../../core/index.ts';

const HASH = toBase64(new Uint8Array(32).fill(7));
const CHECKPOINT = `log.example\n5\n${HASH}\n\n— log.example AAAAAAAA\n`;
const PROOF = `c2sp.org/tlog-proof@v1\nindex 3\n${HASH}\n${HASH}\n\n${CHECKPOINT}`;

describe('a log proof', () => {
  test('[TR10] reads back what it writes', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const proof = fc.record({
      index: fc.nat(),
      path: fc.array(hash, { maxLength: 53 }),
      checkpoint: fc.constant(CHECKPOINT),
    });
    fc.assert(
      fc.property(proof, (value) => {
        expect(parseLogProof(formatLogProof(value))).toEqual({ ok: true, value });
      }),
    );
    expect(
      formatLogProof({
        index: 3,
        path: [new Uint8Array(32).fill(7), new Uint8Array(32).fill(7)],
        checkpoint: CHECKPOINT,
      }),
    ).toBe(PROOF);
  });

  test.each([
    ['another header', PROOF.replace('@v1', '@v2')],
    ['unauthenticated extra data', PROOF.replace('index', 'extra AAAA\nindex')],
    ['no index', PROOF.replace('index 3\n', '')],
    ['a leading zero', PROOF.replace('index 3', 'index 03')],
    ['an index above 2^53', PROOF.replace('index 3', 'index 9007199254740993')],
    ['a short hash', PROOF.replace(HASH, toBase64(new Uint8Array(31)))],
    ['base64url', PROOF.replace(HASH, '_'.repeat(44))],
    ['too many hashes', PROOF.replace(`${HASH}\n`, `${HASH}\n`.repeat(53))],
    ['no empty line', PROOF.replaceAll('\n\n', '\n')],
    ['nothing', ''],
  ])('[TR10] is refused with %s', (_what, text) => {
    expect(parseLogProof(text)).toEqual({ ok: false, error: { code: 'proof-malformed' } });
  });
});
