import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  encode,
  eventDefinitions,
  eventSignContent,
  eventTbs,
  fromHex,
  parseSignedEvent,
  publicKeyOf,
  signEd25519,
  toHex,
} from '../../../core/index.ts';
import type { BadEventVector, BodyVector, SignedEventVector } from '../../../scripts/vectors/events.ts';
import { readVectors } from '../../vectors/read-vectors.ts';

const { signed, refused, bodies } = readVectors<{
  signed: readonly SignedEventVector[];
  refused: readonly BadEventVector[];
  bodies: readonly BodyVector[];
}>('events');

function bytes(hex: string): Uint8Array {
  return fromHex(hex)!;
}

describe('signed events', () => {
  test.each(signed.map((vector) => [vector.name, vector] as const))('[EV1] %s', (_name, vector) => {
    const parsed = parseSignedEvent(bytes(vector.tbs), bytes(vector.signature));
    if (!parsed.ok) throw new Error(parsed.error.code);
    const { event } = parsed.value;
    expect(eventTbs.view(event)).toEqual(vector.view);
    expect(toHex(encode(eventTbs, event))).toBe(vector.tbs);
    expect(event.actor).toEqual(publicKeyOf(bytes(vector.seed)));
    const content = eventSignContent(bytes(vector.tbs));
    expect(toHex(content)).toBe(vector.signContent);
    expect(toHex(signEd25519(bytes(vector.seed), content))).toBe(vector.signature);
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(event.actor).toString('base64url') };
    expect(verify(null, content, createPublicKey({ key: jwk, format: 'jwk' }), bytes(vector.signature))).toBe(true);
  });
});

test.each(refused.map((vector) => [vector.name, vector] as const))('[AP2] no event: %s', (_name, vector) => {
  const parsed = parseSignedEvent(bytes(vector.tbs), bytes(vector.signature));
  expect(parsed).toEqual({ ok: false, error: vector.refusal });
});

describe('bodies', () => {
  test.each(bodies.map((vector) => [`${vector.name} ${vector.refusal?.reason ?? 'valid'}`, vector] as const))(
    '[EV4] %s',
    (_name, { type, name, body, view, refusal }) => {
      const definition = eventDefinitions.find((built) => built.type === type)!;
      expect(definition.name).toBe(name);
      const parsed = definition.decodeBody(bytes(body));
      if (parsed.ok) {
        expect(refusal).toBeUndefined();
        expect(definition.view(parsed.value)).toEqual(view);
        expect(toHex(definition.encodeBody(parsed.value))).toBe(body);
      } else {
        expect(parsed.error).toEqual({ code: 'malformed', ...refusal });
      }
    },
  );

  test('cover every built-in type, valid and not', () => {
    for (const { name } of eventDefinitions)
      expect(
        bodies.some((vector) => vector.name === name && vector.view !== undefined),
        name,
      ).toBe(true);
  });
});
