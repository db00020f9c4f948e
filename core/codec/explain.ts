import { bytesToUtf8 } from '../bytes/index.ts';
import type { Notation } from './notation.ts';
import { Reader } from './reader.ts';

/** Some bytes of an encoding and what they say. */
export interface ExplainedBytes {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Names of fields from the outside in, with the numbers of items; empty for a value without a name. */
  readonly path: string;
  readonly meaning: string;
}

/** Explains every byte of an encoding, in order. The bytes must be one of this notation: `decode` has to have taken them. */
export function explainEncoding(notation: Notation, bytes: Uint8Array): readonly ExplainedBytes[] {
  const explained: ExplainedBytes[] = [];
  const reader = new Reader(bytes);
  const note = (path: string, start: number, meaning: string): void => {
    explained.push({ offset: start, bytes: bytes.subarray(start, reader.offset), path, meaning });
  };
  walk(notation, '', { reader, note });
  return explained;
}

interface Walk {
  readonly reader: Reader;
  note(path: string, start: number, meaning: string): void;
}

function walk(notation: Notation, path: string, step: Walk): void {
  const { reader } = step;
  const start = reader.offset;
  switch (notation.kind) {
    case 'integer':
      return step.note(path, start, `uint${notation.bits} ${reader.integer(notation.bits / 8)}`);
    case 'constant':
      return step.note(path, start, `always ${reader.integer(2)}`);
    case 'opaque':
      reader.take(notation.byteCount);
      return step.note(path, start, `${notation.byteCount} bytes`);
    case 'opaque-vector':
    case 'text':
      return explainBytes(notation.kind, path, step);
    case 'choice': {
      const value = reader.integer(notation.bits / 8);
      const name = [...notation.values].find(([, number]) => number === value)?.[0] ?? 'unknown';
      return step.note(path, start, `${notation.name} ${name}`);
    }
    default:
      return walkInside(notation, path, step);
  }
}

function walkInside(
  notation: Extract<Notation, { readonly kind: 'vector' | 'optional' | 'struct' | 'variant' }>,
  path: string,
  step: Walk,
): void {
  const { reader } = step;
  const start = reader.offset;
  switch (notation.kind) {
    case 'vector': {
      const length = reader.vectorLength();
      step.note(path, start, `${length} bytes of items follow`);
      for (let i = 0, end = reader.offset + length; reader.offset < end; i++) {
        walk(notation.item, `${path}[${i}]`, step);
      }
      return;
    }
    case 'optional': {
      const isPresent = reader.integer(1) === 1;
      step.note(path, start, isPresent ? 'present' : 'absent');
      if (isPresent) walk(notation.value, path, step);
      return;
    }
    case 'struct':
      for (const [name, field] of notation.fields) walk(field, inside(path, name), step);
      return;
    case 'variant':
      return walkVariant(notation, path, step);
  }
}

function walkVariant(notation: Extract<Notation, { readonly kind: 'variant' }>, path: string, step: Walk): void {
  const { tag, arms } = notation;
  if (tag.kind !== 'choice') throw new Error(`the tag of ${notation.name} is no choice`);
  const { reader } = step;
  const start = reader.offset;
  const value = reader.integer(tag.bits / 8);
  const kind = [...tag.values].find(([, number]) => number === value)?.[0] ?? '';
  step.note(inside(path, 'kind'), start, `${tag.name} ${kind}`);
  const arm = arms.get(kind);
  if (arm === undefined) throw new Error(`${notation.name} has no arm ${kind}`);
  walk(arm, inside(path, kind), step);
}

function explainBytes(kind: 'opaque-vector' | 'text', path: string, step: Walk): void {
  const { reader } = step;
  const start = reader.offset;
  const length = reader.vectorLength();
  step.note(path, start, `${length} bytes follow`);
  const at = reader.offset;
  const bytes = reader.take(length);
  if (length > 0) step.note(path, at, kind === 'text' ? JSON.stringify(bytesToUtf8(bytes)) : `${length} bytes`);
}

function inside(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
