import { describe, expect, test } from 'vitest';
import { MAX_ENVELOPE_SIGNATURES, mergeEnvelopes, type DsseEnvelope } from '../../../core/index.ts';

const signed = (...bytes: number[]) =>
  bytes.map((byte) => ({ keyId: `key ${byte}`, signature: new Uint8Array(64).fill(byte) }));
const copy = (signatures: DsseEnvelope['signatures'], fields: Partial<DsseEnvelope> = {}): DsseEnvelope => ({
  payloadType: 'application/vnd.example+tls',
  payload: Uint8Array.of(1, 2, 3),
  signatures,
  ...fields,
});

describe('[AR17] copies of an envelope that were signed apart', () => {
  test('are put together, each signature once, whatever it says of its key', () => {
    const renamed = { keyId: undefined, signature: new Uint8Array(64).fill(2) };
    const merged = mergeEnvelopes([copy(signed(1, 2)), copy([...signed(3), renamed]), copy(signed(1))]);
    expect(merged).toEqual({ ok: true, value: copy(signed(1, 2, 3)) });
  });

  test('are no copies where a byte of what is said differs, or its type', () => {
    const others = [{ payload: Uint8Array.of(1, 2, 4) }, { payloadType: 'application/vnd.example' }];
    for (const other of others) {
      expect(mergeEnvelopes([copy(signed(1)), copy(signed(1)), copy(signed(2), other)])).toEqual({
        ok: false,
        error: { code: 'other-statement', at: 2 },
      });
    }
    expect(mergeEnvelopes([])).toMatchObject({ error: { code: 'no-envelope' } });
  });

  test('have no more signatures together than one may have', () => {
    const many = signed(...Array.from({ length: MAX_ENVELOPE_SIGNATURES }, (_, i) => i));
    expect(mergeEnvelopes([copy(many), copy(many)]).ok).toBe(true);
    expect(mergeEnvelopes([copy(many), copy(signed(255))])).toMatchObject({
      error: { code: 'too-many-signatures', at: 1 },
    });
  });
});
