import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encode,
  eventTbs,
  MAX_ENTRY_BYTES,
  MAX_EVENT_BYTES,
  entryCodec,
  parseSignedEvent,
  type Event,
} from '../../../core/index.ts';
import { valuesOf } from '../codec/values.ts';

const SIGNATURE = new Uint8Array(64);
const plain: Event = {
  version: 1,
  chain: new Uint8Array(32),
  seenIndex: 4,
  seenHash: new Uint8Array(32),
  actor: new Uint8Array(32),
  actorTime: 5,
  eventId: new Uint8Array(16),
  type: 0x8000,
  body: new Uint8Array(),
};

function refusalOf(tbs: Uint8Array, signature = SIGNATURE): unknown {
  const parsed = parseSignedEvent(tbs, signature);
  return parsed.ok ? undefined : parsed.error;
}

/** An event whose encoding has exactly this many bytes. */
function eventOf(byteCount: number): Uint8Array {
  const overhead = encode(eventTbs, { ...plain, body: new Uint8Array(16_384) }).length - 16_384;
  return encode(eventTbs, { ...plain, body: new Uint8Array(byteCount - overhead) });
}

describe('an event', () => {
  test('[EV1] keeps the bytes that were signed, and views them', () => {
    const tbs = encode(eventTbs, plain);
    const parsed = parseSignedEvent(tbs, SIGNATURE);
    expect(parsed).toEqual({ ok: true, value: { tbs, signature: SIGNATURE, event: plain } });
    expect(parsed.ok && parsed.value.tbs).toBe(tbs);
    expect(parsed.ok && parsed.value.event.actor.buffer).toBe(tbs.buffer);
  });

  test('[EV1] names a chain with 32 bytes, or none in a genesis', () => {
    expect(refusalOf(encode(eventTbs, { ...plain, chain: new Uint8Array() }))).toBeUndefined();
    for (const length of [1, 16, 31]) {
      const tbs = encode(eventTbs, { ...plain, chain: new Uint8Array(length) });
      expect(refusalOf(tbs)).toEqual({ code: 'malformed', reason: 'invalid-length', offset: 2 });
    }
    expect(() => encode(eventTbs, { ...plain, chain: new Uint8Array(33) })).toThrow(RangeError);
  });

  test('[EV1] of another version is refused', () => {
    const tbs = encode(eventTbs, plain);
    tbs[1] = 2;
    expect(refusalOf(tbs)).toEqual({ code: 'malformed', reason: 'unknown-version', offset: 0 });
  });

  test('[AP1, EV2] fits an entry, to the byte', () => {
    const largest = eventOf(MAX_EVENT_BYTES);
    expect(largest.length).toBe(MAX_EVENT_BYTES);
    expect(refusalOf(largest)).toBeUndefined();
    const fields = { index: Number.MAX_SAFE_INTEGER, prev: new Uint8Array(32), relayTime: 0 };
    const entry = encode(entryCodec, { ...fields, event: largest, signature: SIGNATURE });
    expect(entry.length).toBeLessThanOrEqual(MAX_ENTRY_BYTES);
  });

  test('[AP1] over the limit is refused before it is parsed', () => {
    const actualBytes = MAX_EVENT_BYTES + 1;
    const refusal = { code: 'event-too-large', limitBytes: MAX_EVENT_BYTES, actualBytes };
    expect(refusalOf(eventOf(actualBytes))).toEqual(refusal);
    expect(refusalOf(new Uint8Array(actualBytes).fill(0xff))).toEqual(refusal);
  });

  test.each([0, 63, 65])('[AP2] with a signature of %d bytes is refused before it is parsed', (length) => {
    expect(refusalOf(encode(eventTbs, plain), new Uint8Array(length))).toEqual({ code: 'malformed-signature' });
    expect(refusalOf(new Uint8Array(3), new Uint8Array(length))).toEqual({ code: 'malformed-signature' });
  });

  test('[AP2] is refused with anything after it or any of it missing', () => {
    fc.assert(
      fc.property(valuesOf(eventTbs.notation) as fc.Arbitrary<Event>, fc.nat(), (event, at) => {
        const tbs = encode(eventTbs, event);
        expect(refusalOf(tbs.subarray(0, at % tbs.length))).toMatchObject({ reason: 'truncated' });
        expect(refusalOf(Uint8Array.of(...tbs, 0))).toMatchObject({ code: 'malformed' });
      }),
    );
  });
});
