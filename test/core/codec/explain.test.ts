import { describe, expect, test } from 'vitest';
import {
  concatBytes,
  decode,
  encode,
  eventDefinitions,
  exampleValue,
  explainEncoding,
  opaqueVector,
  optional,
  struct,
  text,
  toHex,
  uint16,
  vector,
  version,
  viewSchemaOf,
} from '../../../core/index.ts';

describe.each(eventDefinitions.map((definition) => [definition.name, definition] as const))('%s', (_name, { body }) => {
  test('[EN1] has an example that encodes, reads back and is explained byte for byte', () => {
    const value = exampleValue(body.notation);
    const bytes = encode(body, value);
    expect(decode(body, bytes)).toEqual({ ok: true, value });
    const explained = explainEncoding(body.notation, bytes);
    expect(Buffer.compare(concatBytes(...explained.map((each) => each.bytes)), bytes)).toBe(0);
    let offset = 0;
    for (const each of explained) {
      expect(each.offset).toBe(offset);
      expect(each.path).not.toBe('');
      offset += each.bytes.length;
    }
  });

  test('[WI3] has a JSON Schema with every field that its view has', () => {
    const view = body.view(exampleValue(body.notation)) as object;
    const schema = viewSchemaOf(body.notation) as { readonly properties: object; readonly required: readonly string[] };
    expect(Object.keys(schema.properties)).toEqual(Object.keys(view));
    expect(schema.required).toEqual(Object.keys(view));
  });
});

test('[EN2] an explanation names fields, items, prefixes and what is absent', () => {
  const codec = struct('Sample', {
    version: version(1),
    names: vector(text(20), 5),
    nothing: optional(uint16),
    bytes: opaqueVector(9),
  });
  const bytes = encode(codec, { version: 1, names: ['tea', 'é'], nothing: undefined, bytes: new Uint8Array() });
  const lines = explainEncoding(codec.notation, bytes).map(
    ({ offset, bytes: own, path, meaning }) => `${offset} ${toHex(own)} ${path}: ${meaning}`,
  );
  expect(lines).toEqual([
    '0 0001 version: always 1',
    '2 07 names: 7 bytes of items follow',
    '3 03 names[0]: 3 bytes follow',
    '4 746561 names[0]: "tea"',
    '7 02 names[1]: 2 bytes follow',
    '8 c3a9 names[1]: "é"',
    '10 00 nothing: absent',
    '11 00 bytes: 0 bytes follow',
  ]);
});
