import { MAX_BRANCH_TARGETS } from './module-limits.ts';
import type { ModuleReader } from './module-reader.ts';
import type { ModuleRule } from './module-rules.ts';
import { OP, OPERATIONS } from './operations.ts';
import { I32, I64, valueTypeRule, type ValueType } from './value-type.ts';

/** One instruction of a body. What its kind does not have is 0, empty or undefined. */
export interface Instruction {
  /** As `OP` and `OPERATIONS` have it. */
  readonly opcode: number;
  /** Of its first byte in the module. */
  readonly offset: number;
  /** Of a local, global, function, type, data segment or label; of a table of branches, the label taken otherwise. */
  readonly index: number;
  readonly targets: readonly number[];
  /** What a block gives. */
  readonly blockType: ValueType | undefined;
}

const NO_TARGETS: readonly number[] = [];
const NO_BLOCK_RESULT = 0x40;

/** Reads an instruction of the allow-list with its immediates, and refuses any other by the family it is of (`PM6`). */
export function readInstruction(reader: ModuleReader): Instruction {
  const offset = reader.offset;
  const first = reader.byte();
  const opcode = first === OP.prefix ? readPrefixed(reader, offset) : first;
  const alignment = OPERATIONS[opcode]?.alignment;
  if (alignment !== undefined) skipAddress(reader, alignment);
  else if (OPERATIONS[opcode] === undefined) return readOther(reader, opcode, offset);
  return { opcode, offset, index: 0, targets: NO_TARGETS, blockType: undefined };
}

/** Those whose types depend on where they stand, or that have immediates. */
function readOther(reader: ModuleReader, opcode: number, offset: number): Instruction {
  let targets = NO_TARGETS;
  let blockType: ValueType | undefined;
  if (opcode === OP.brTable) targets = readTargets(reader);
  const index = INDEXED.has(opcode) ? reader.u32() : 0;
  if (BLOCKS.has(opcode)) blockType = readBlockType(reader);
  else if (opcode === OP.callIndirect) demandZero(reader, 'table-index');
  else if (OF_MEMORY.has(opcode)) demandZero(reader, 'memory-index');
  else if (opcode === OP.i32Const) reader.i32();
  else if (opcode === OP.i64Const) reader.skipI64();
  else if (!INDEXED.has(opcode) && !BARE.has(opcode)) reader.fail(familyOf(opcode), offset);
  if (opcode === OP.memoryCopy) demandZero(reader, 'memory-index');
  return { opcode, offset, index, targets, blockType };
}

const BLOCKS: ReadonlySet<number> = new Set([OP.block, OP.loop, OP.if]);
const INDEXED: ReadonlySet<number> = new Set([
  ...[OP.br, OP.brIf, OP.brTable, OP.call, OP.callIndirect],
  ...[OP.localGet, OP.localSet, OP.localTee, OP.globalGet, OP.globalSet],
  ...[OP.memoryInit, OP.dataDrop],
]);
const OF_MEMORY: ReadonlySet<number> = new Set([
  ...[OP.memorySize, OP.memoryGrow, OP.memoryInit, OP.memoryCopy, OP.memoryFill],
]);
const BARE: ReadonlySet<number> = new Set([
  ...[OP.unreachable, OP.nop, OP.else, OP.end, OP.return, OP.drop, OP.select],
]);

/** The numbers after 0xfc stand behind it as 0xfc00 and so on. */
function readPrefixed(reader: ModuleReader, offset: number): number {
  const number = reader.u32();
  if (number < 8) reader.fail('opcode-float', offset);
  if (number >= 12 && number <= 17) reader.fail('opcode-reference', offset);
  if (number > 17) reader.fail('opcode-unknown', offset);
  return OP.prefixed + number;
}

/** A block takes nothing; what it gives is one byte, where other modules may have the index of a type. */
function readBlockType(reader: ModuleReader): ValueType | undefined {
  const at = reader.offset;
  const byte = reader.byte();
  if (byte === NO_BLOCK_RESULT) return undefined;
  if (byte === I32 || byte === I64) return byte;
  const rule = valueTypeRule(byte);
  return reader.fail(rule === 'value-type' ? 'block-type' : rule, at);
}

function readTargets(reader: ModuleReader): number[] {
  const count = reader.count(MAX_BRANCH_TARGETS, 'branch-table');
  return Array.from({ length: count }, () => reader.u32());
}

function skipAddress(reader: ModuleReader, natural: number): void {
  const at = reader.offset;
  const alignment = reader.u32();
  // Bit 6 announces the index of another memory in later versions of the format.
  if (alignment > natural) reader.fail(alignment & 0x40 ? 'memory-index' : 'alignment', at);
  reader.u32();
}

function demandZero(reader: ModuleReader, rule: ModuleRule): void {
  const at = reader.offset;
  const index = rule === 'table-index' ? reader.u32() : reader.byte();
  if (index !== 0) reader.fail(rule, at);
}

/** Ranges of opcodes, and what each is refused for. */
const FAMILIES: readonly (readonly [first: number, last: number, rule: ModuleRule])[] = [
  [0x06, 0x0a, 'opcode-exception'],
  [0x12, 0x13, 'opcode-tail-call'],
  [0x14, 0x14, 'opcode-reference'],
  [0x15, 0x15, 'opcode-tail-call'],
  [0x18, 0x19, 'opcode-exception'],
  [0x1c, 0x1c, 'opcode-reference'],
  [0x1f, 0x1f, 'opcode-exception'],
  [0x25, 0x26, 'opcode-reference'],
  [0x2a, 0x2b, 'opcode-float'],
  [0x38, 0x39, 'opcode-float'],
  [0x43, 0x44, 'opcode-float'],
  [0x5b, 0x66, 'opcode-float'],
  [0x8b, 0xa6, 'opcode-float'],
  [0xa8, 0xab, 'opcode-float'],
  [0xae, 0xbf, 'opcode-float'],
  [0xd0, 0xd6, 'opcode-reference'],
  [0xfb, 0xfb, 'opcode-reference'],
  [0xfd, 0xfd, 'opcode-vector'],
  [0xfe, 0xfe, 'opcode-atomic'],
];

function familyOf(opcode: number): ModuleRule {
  return FAMILIES.find(([first, last]) => opcode >= first && opcode <= last)?.[2] ?? 'opcode-unknown';
}
