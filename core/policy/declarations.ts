import {
  MAX_FUNCTIONS,
  MAX_GLOBALS,
  MAX_MEMORY_PAGES,
  MAX_PARAMETERS,
  MAX_TABLE_ELEMENTS,
  MAX_TYPES,
} from './module-limits.ts';
import type { ModuleDraft } from './module-image.ts';
import type { ModuleReader } from './module-reader.ts';
import type { ModuleRule } from './module-rules.ts';
import { OP } from './operations.ts';
import { I32, I64, readValueType, type FunctionType, type ValueType } from './value-type.ts';

const FUNCTION_TYPE = 0x60;
const FUNCREF = 0x70;

export function readTypes(reader: ModuleReader, draft: ModuleDraft): void {
  const count = reader.count(MAX_TYPES, 'type-limit');
  for (let i = 0; i < count; i++) {
    const at = reader.offset;
    if (reader.byte() !== FUNCTION_TYPE) reader.fail('type-form', at);
    const parameters = readValueTypes(reader, MAX_PARAMETERS, 'parameter-limit');
    const [result] = readValueTypes(reader, 1, 'result-limit');
    draft.types.push({ parameters, result });
  }
}

/** A module that imports could reach what a policy must not: the clock, randomness, other modules. */
export function readImports(reader: ModuleReader): void {
  if (reader.u32() > 0) reader.fail('import');
}

export function readFunctions(reader: ModuleReader, draft: ModuleDraft): void {
  const count = reader.count(MAX_FUNCTIONS, 'function-limit');
  for (let i = 0; i < count; i++) draft.functions.push(readTypeIndex(reader, draft));
}

export function readTables(reader: ModuleReader, draft: ModuleDraft): void {
  const count = reader.count(1, 'table-count');
  if (count === 0) return;
  const at = reader.offset;
  if (reader.byte() !== FUNCREF) reader.fail('table-kind', at);
  draft.tableElements = readLimits(reader, TABLE_LIMITS).minimum;
}

export function readMemories(reader: ModuleReader, draft: ModuleDraft): void {
  const count = reader.count(1, 'memory-count');
  if (count === 1) draft.memory = readLimits(reader, MEMORY_LIMITS);
}

export function readGlobals(reader: ModuleReader, draft: ModuleDraft): void {
  const count = reader.count(MAX_GLOBALS, 'global-limit');
  for (let i = 0; i < count; i++) {
    const type = readValueType(reader);
    const at = reader.offset;
    const mutability = reader.byte();
    if (mutability > 1) reader.fail('global-mutability', at);
    readConstant(reader, type);
    draft.globals.push({ type, isMutable: mutability === 1 });
  }
}

function readTypeIndex(reader: ModuleReader, draft: ModuleDraft): FunctionType {
  const at = reader.offset;
  return draft.types[reader.u32()] ?? reader.fail('type-index', at);
}

/** One constant and `end`; of an i32 the unsigned value is given. */
export function readConstant(reader: ModuleReader, type: ValueType): number {
  const at = reader.offset;
  const opcode = reader.byte();
  let value = 0;
  if (type === I32 && opcode === OP.i32Const) value = reader.i32();
  else if (type === I64 && opcode === OP.i64Const) reader.skipI64();
  else reader.fail('constant-expression', at);
  const end = reader.offset;
  if (reader.byte() !== OP.end) reader.fail('constant-expression', end);
  return value;
}

function readValueTypes(reader: ModuleReader, limit: number, rule: ModuleRule): ValueType[] {
  const count = reader.count(limit, rule);
  return Array.from({ length: count }, () => readValueType(reader));
}

interface LimitRules {
  readonly most: number;
  readonly kind: ModuleRule;
  readonly unbounded: ModuleRule;
  readonly limits: ModuleRule;
}

const TABLE_LIMITS: LimitRules = {
  most: MAX_TABLE_ELEMENTS,
  kind: 'table-kind',
  unbounded: 'table-unbounded',
  limits: 'table-limits',
};
const MEMORY_LIMITS: LimitRules = {
  most: MAX_MEMORY_PAGES,
  kind: 'memory-kind',
  unbounded: 'memory-unbounded',
  limits: 'memory-limits',
};

/** A first byte above 1 announces shared memory, addresses of 64 bits or pages of another size. */
function readLimits(reader: ModuleReader, rules: LimitRules): { minimum: number; maximum: number } {
  const at = reader.offset;
  const flags = reader.byte();
  if (flags > 1) reader.fail(rules.kind, at);
  if (flags === 0) reader.fail(rules.unbounded, at);
  const minimum = reader.u32();
  const maximum = reader.u32();
  if (minimum > maximum || maximum > rules.most) reader.fail(rules.limits, at);
  return { minimum, maximum };
}
