import type { ModuleReader } from './module-reader.ts';
import type { ModuleRule } from './module-rules.ts';

/** The two types of values that a policy has, as the binary format writes them. */
export const I32 = 0x7f;
export const I64 = 0x7e;

export type ValueType = typeof I32 | typeof I64;

/** What a function takes and gives. */
export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly result: ValueType | undefined;
}

const REFUSED: Readonly<Record<number, ModuleRule>> = { 0x7d: 'float-type', 0x7c: 'float-type', 0x7b: 'vector-type' };

export function readValueType(reader: ModuleReader): ValueType {
  const at = reader.offset;
  const byte = reader.byte();
  if (byte === I32 || byte === I64) return byte;
  return reader.fail(valueTypeRule(byte), at);
}

/** What a type is refused for. From 0x63 to 0x74 are the references, those of later proposals included. */
export function valueTypeRule(byte: number): ModuleRule {
  return REFUSED[byte] ?? (byte >= 0x63 && byte <= 0x74 ? 'reference-type' : 'value-type');
}

export function equalFunctionTypes(a: FunctionType, b: FunctionType): boolean {
  return a.result === b.result && a.parameters.join() === b.parameters.join();
}
