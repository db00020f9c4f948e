export { decode, decodeTrusted, encode } from './codec.ts';
export { optional, sortedVector, struct, variant, vector } from './composites.ts';
export { printNotation } from './notation.ts';
export { choice, opaque, opaqueVector, text, uint16, uint32, uint64, uint8, version } from './primitives.ts';
