export { decode, decodeTrusted, encode, type Codec, type Decoded, type Json } from './codec.ts';
export { optional, sortedVector, struct, variant, vector } from './composites.ts';
export { exampleValue } from './example.ts';
export { explainEncoding, type ExplainedBytes } from './explain.ts';
export { printNotation, type Notation } from './notation.ts';
export { choice, opaque, opaqueVector, text, uint16, uint32, uint64, uint8, version } from './primitives.ts';
export type { DecodeReason, DecodeRefusal } from './reader.ts';
export { viewSchemaOf, type JsonSchema } from './view-schema.ts';
export { vectorBytes } from './writer.ts';
