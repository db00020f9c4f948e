import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatVkey, parseVkey, verifierKeyOf } from '../../../core/note/index.ts';

/** The example key of C2SP signed-note. */
const VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const [, , ENCODED] = VKEY.split('+') as [string, string, string];

describe('verifier keys', () => {
  test('[TR4] reads and writes the example of the specification', () => {
    const key = parseVkey(VKEY);
    expect(key).toMatchObject({ ok: true, value: { name: 'example.com/foo', algorithm: 'ed25519' } });
    if (key.ok) expect(formatVkey(key.value)).toBe(VKEY);
  });

  test('[TR4] reads back every key that it writes, plus signs in the base64 too', () => {
    const publicKey = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const algorithm = fc.constantFrom('ed25519', 'cosignature-v1');
    fc.assert(
      fc.property(publicKey, algorithm, (bytes, kind) => {
        const key = verifierKeyOf('example.com/log', kind, bytes);
        expect(parseVkey(formatVkey(key))).toEqual({ ok: true, value: key });
      }),
    );
  });

  test('[TR4] gives each name and each algorithm a key id of its own', () => {
    const bytes = new Uint8Array(32).fill(9);
    const ids = [
      verifierKeyOf('a', 'ed25519', bytes),
      verifierKeyOf('b', 'ed25519', bytes),
      verifierKeyOf('a', 'cosignature-v1', bytes),
    ].map((key) => key.keyId.join());
    expect(new Set(ids).size).toBe(3);
  });

  const refused: readonly [string, string, string][] = [
    ['vkey-malformed', 'nothing', ''],
    ['vkey-malformed', 'no key id', `example.com/foo+${ENCODED}`],
    ['vkey-malformed', 'no name', `+530d903a+${ENCODED}`],
    ['vkey-malformed', 'a space in the name', `example com+530d903a+${ENCODED}`],
    ['vkey-malformed', 'upper-case hexadecimal', `example.com/foo+530D903A+${ENCODED}`],
    ['vkey-malformed', 'a short key id', `example.com/foo+530d903+${ENCODED}`],
    ['vkey-malformed', 'a short key', 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q=='],
    ['vkey-malformed', 'a newline at the end', `${VKEY}\n`],
    ['vkey-malformed', 'stray low bits', `example.com/foo+530d903a+AekB`.replace(/B$/, 'C=')],
    ['vkey-id-mismatch', 'another key id', `example.com/foo+530d903b+${ENCODED}`],
    ['vkey-id-mismatch', 'another name', `example.com/bar+530d903a+${ENCODED}`],
    ['vkey-algorithm-unknown', 'the algorithm of RFC 6962 tree heads', `example.com/foo+530d903a+B${ENCODED.slice(1)}`],
  ];
  test.each(refused)('[TR4] answers %s to %s', (code, _what, text) => {
    expect(parseVkey(text)).toMatchObject({ ok: false, error: { code } });
  });

  test('[TR4] throws for a key that could not be written', () => {
    expect(() => verifierKeyOf('a+b', 'ed25519', new Uint8Array(32))).toThrow(RangeError);
    expect(() => verifierKeyOf('a', 'ed25519', new Uint8Array(31))).toThrow(RangeError);
  });
});
