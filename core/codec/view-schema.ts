import type { Notation } from './notation.ts';

/** The part of JSON Schema 2020-12 that the views need. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const DECIMAL: JsonSchema = { type: 'string', pattern: '^(0|[1-9][0-9]*)$' };
const BASE64URL: JsonSchema = { type: 'string', pattern: '^[A-Za-z0-9_-]*$', description: 'base64url' };

/** The JSON Schema of a codec's view, so that the API description can't drift from what is sent (`WI2`, `WI3`). */
export function viewSchemaOf(notation: Notation): JsonSchema {
  switch (notation.kind) {
    case 'integer':
      return notation.bits === 64 ? DECIMAL : { type: 'integer', minimum: 0, maximum: 2 ** notation.bits - 1 };
    case 'constant':
      return { const: notation.value };
    case 'opaque':
    case 'opaque-vector':
      return BASE64URL;
    case 'text':
      return { type: 'string' };
    case 'choice':
      return { enum: [...notation.values.keys()] };
    case 'vector':
      return { type: 'array', maxItems: notation.maxCount, items: viewSchemaOf(notation.item) };
    case 'optional':
      return { anyOf: [viewSchemaOf(notation.value), { type: 'null' }] };
    case 'struct':
      return objectOf(notation.fields.map(([name, field]) => [name, viewSchemaOf(field)]));
    case 'variant':
      return {
        oneOf: [...notation.arms].map(([kind, arm]) =>
          objectOf([
            ['kind', { const: kind }],
            ['value', viewSchemaOf(arm)],
          ]),
        ),
      };
  }
}

function objectOf(fields: readonly (readonly [string, JsonSchema])[]): JsonSchema {
  return { type: 'object', properties: Object.fromEntries(fields), required: fields.map(([name]) => name) };
}
