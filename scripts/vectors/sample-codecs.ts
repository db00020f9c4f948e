import {
  choice,
  compareBytes,
  entryCodec,
  eventTbs,
  opaque,
  opaqueVector,
  optional,
  sortedVector,
  struct,
  text,
  uint16,
  uint32,
  uint64,
  uint8,
  variant,
  vector,
  version,
  type Codec,
} from '../../core/index.ts';

const point = struct('Point', { x: uint8, y: uint16 });

/** The encodings that the encoding vectors try, by the name that a vector gives them. */
export const sampleCodecs: Readonly<Record<string, Codec<unknown>>> = {
  uint8,
  uint16,
  uint32,
  uint64,
  version1: version(1),
  opaque2: opaque(2),
  bytes: opaqueVector(20_000),
  bytes3: opaqueVector(3),
  text: text(10),
  colour: choice('Colour', { red: 1, blue: 2 }),
  point,
  points: vector(point, 3),
  nested: vector(vector(uint8, 4), 4),
  set: sortedVector(opaque(1), 4, compareBytes),
  maybe: optional(uint8),
  shape: variant('Shape', choice('ShapeKind', { dot: 1, line: 2 }), {
    dot: struct('Dot', {}),
    line: struct('Line', { length: uint16 }),
  }),
  event: eventTbs,
  entry: entryCodec,
};
