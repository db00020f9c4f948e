import type { Notation } from './notation.ts';

/**
 * A value of this shape, always the same: for people who want to see one. Numbers are small, byte strings count up, vectors have one
 * item, and of several arms the first is taken. It says nothing of what the rules of a chain would take.
 */
export function exampleValue(notation: Notation): unknown {
  switch (notation.kind) {
    case 'integer':
      return 1;
    case 'constant':
      return notation.value;
    case 'opaque':
      return countUp(notation.byteCount);
    case 'opaque-vector':
      return countUp(Math.min(notation.maxBytes, MAX_EXAMPLE_BYTES));
    case 'text':
      return EXAMPLE_TEXT.slice(0, notation.maxBytes);
    case 'choice':
      return [...notation.values.keys()][0];
    case 'vector':
      return notation.maxCount === 0 ? [] : [exampleValue(notation.item)];
    case 'optional':
      return exampleValue(notation.value);
    case 'struct':
      return Object.fromEntries(notation.fields.map(([name, field]) => [name, exampleValue(field)]));
    case 'variant': {
      const [first] = notation.arms;
      if (first === undefined) throw new Error(`${notation.name} has no arm`);
      return { kind: first[0], value: exampleValue(first[1]) };
    }
  }
}

const MAX_EXAMPLE_BYTES = 4;
const EXAMPLE_TEXT = 'text';

function countUp(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i);
}
