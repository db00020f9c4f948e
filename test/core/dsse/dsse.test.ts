import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesToUtf8,
  concatBytes,
  countSigners,
  findSigners,
  formatDsseEnvelope,
  fromHex,
  MAX_DSSE_CHARS,
  preAuthEncoding,
  publicKeyOf,
  readDsseEnvelope,
  signEd25519,
  toBase64Url,
  utf8ToBytes,
  verifyP256,
  type DsseEnvelope,
} from '../../../core/index.ts';
import { DSSE_SEEDS, DSSE_VECTORS } from './protocol-vectors.ts';

const seedOf = (name: 'A' | 'B') => fromHex(DSSE_SEEDS[name])!;
const a = publicKeyOf(seedOf('A'));
const b = publicKeyOf(seedOf('B'));

function read(json: unknown): DsseEnvelope {
  const envelope = readDsseEnvelope(JSON.stringify(json));
  if (!envelope.ok) throw new Error(envelope.error.reason);
  return envelope.value;
}

describe('[AR11] the vectors of the DSSE protocol', () => {
  test.each(DSSE_VECTORS.map((vector) => [vector.id, vector] as const))('%s', (_id, vector) => {
    const envelope = read(vector.envelope);
    const signers = countSigners(
      envelope,
      vector.trusted.map((name) => publicKeyOf(seedOf(name))),
    );
    const isAccepted = signers >= vector.threshold && vector.supported.includes(envelope.payloadType);
    expect(isAccepted).toBe(vector.isAccepted);
    const signed = Buffer.from(vector.pae, 'latin1');
    const isSwapped = vector.id === 'payload-type-swapped';
    expect(Buffer.compare(preAuthEncoding(envelope.payloadType, envelope.payload), signed) === 0).toBe(!isSwapped);
  });

  /** The example of the protocol document. Its key is of P-256, and its signature r and s in a row, which DER writes as two integers. */
  test('the example of the document', () => {
    const payload = utf8ToBytes('hello world');
    const message = preAuthEncoding('http://example.com/HelloWorld', payload);
    expect(bytesToUtf8(message)).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
    const coordinates = [
      46950820868899156662930047687818585632848591499744589407958293238635476079160n,
      5640078356564379163099075877009565129882514886557779369047442380624545832820n,
    ].map((number) => fromHex(number.toString(16).padStart(64, '0'))!);
    const key = concatBytes(Uint8Array.of(4), ...coordinates);
    const raw = Buffer.from(
      'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==',
      'base64',
    );
    const [r, s] = [raw.subarray(0, 32), raw.subarray(32)];
    const signature = Uint8Array.of(0x30, 68, 2, 32, ...r, 2, 32, ...s);
    expect(verifyP256({ key, message, signature })).toBe(true);
    expect(verifyP256({ key, message: concatBytes(message, Uint8Array.of(0)), signature })).toBe(false);
  });
});

describe('[AR11] an envelope in JSON', () => {
  const payload = Uint8Array.of(0xfb, 0xff, 0xbf, 0x3e);
  const payloadType = 'application/vnd.example+tls';
  const signature = signEd25519(seedOf('A'), preAuthEncoding(payloadType, payload));
  const whole: DsseEnvelope = {
    payloadType,
    payload,
    signatures: [{ keyId: toBase64Url(a), signature }],
  };

  test('reads what was written', () => {
    const text = formatDsseEnvelope(whole);
    expect(text.endsWith('}\n')).toBe(true);
    expect(readDsseEnvelope(text)).toEqual({ ok: true, value: whole });
    const anonymous = { ...whole, signatures: [{ keyId: undefined, signature }] };
    expect(readDsseEnvelope(formatDsseEnvelope(anonymous))).toEqual({ ok: true, value: anonymous });
  });

  test('may leave out what is empty, and hold what is not known here', () => {
    expect(read({})).toEqual({ payloadType: '', payload: new Uint8Array(), signatures: [] });
    const more = { payloadType, payload: '', signatures: [{ sig: 'AA', extension: { kind: 'x' } }], other: 1 };
    expect(read(more).signatures).toEqual([{ keyId: undefined, signature: Uint8Array.of(0) }]);
  });

  test('names no signer by a key id: another key in its place changes nothing', () => {
    const lying = { ...whole, signatures: [{ keyId: toBase64Url(b), signature }] };
    expect(findSigners(lying, [b, a])).toEqual([a]);
    expect(findSigners(lying, [b])).toEqual([undefined]);
    expect(countSigners({ ...whole, signatures: [...whole.signatures, ...lying.signatures] }, [a, b])).toBe(1);
    expect(countSigners(whole, [a, a])).toBe(1);
  });

  test.each([
    ['too-large', ' '.repeat(MAX_DSSE_CHARS + 1)],
    ['no-json', '{'],
    ['no-json', '[]'],
    ['no-json', 'null'],
    ['no-envelope', '{"payloadType":1}'],
    ['no-envelope', '{"payloadType":"\\ud800"}'],
    ['no-envelope', '{"signatures":{}}'],
    ['no-envelope', '{"signatures":[1]}'],
    ['no-envelope', '{"signatures":[{"sig":1}]}'],
    ['no-base64', '{"payload":"A"}'],
    ['no-base64', '{"payload":"AB"}'],
    ['no-base64', '{"payload":"AA AA"}'],
    ['no-base64', '{"signatures":[{"sig":"*"}]}'],
    ['too-many-signatures', JSON.stringify({ signatures: Array(33).fill({}) })],
  ])('is refused as %s: %.40s', (reason, text) => {
    expect(readDsseEnvelope(text)).toEqual({ ok: false, error: { code: 'malformed-dsse', reason } });
  });

  test('throws for no text, and no signature is one of what was changed', () => {
    const text = formatDsseEnvelope(whole);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), fc.nat(3), (at, inserted, dropped) => {
        const changed = readDsseEnvelope(text.slice(0, at) + inserted + text.slice(at + dropped));
        if (!changed.ok || countSigners(changed.value, [a]) === 0) return;
        expect(changed.value.payload).toEqual(payload);
        expect(changed.value.payloadType).toBe(payloadType);
      }),
      { numRuns: 100 },
    );
  });
});
