import { I32, I64, type ValueType } from './value-type.ts';

/** The instructions that have immediates, or types that depend on where they stand. Those after 0xfc are 0xfc00 and on. */
export const OP = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  prefix: 0xfc,
  prefixed: 0xfc00,
  memoryInit: 0xfc08,
  dataDrop: 0xfc09,
  memoryCopy: 0xfc0a,
  memoryFill: 0xfc0b,
} as const;

/** An instruction that takes operands of fixed types and gives at most one. */
export interface Operation {
  readonly takes: readonly ValueType[];
  readonly gives: ValueType | undefined;
  /** Of one that has an address: the binary logarithm of its natural alignment. */
  readonly alignment?: number;
}

/** Every operation on integers, by its opcode (core specification, 5.4.6 and 5.4.7). */
export const OPERATIONS: readonly (Operation | undefined)[] = operations();

function operations(): (Operation | undefined)[] {
  const table: (Operation | undefined)[] = Array.from({ length: 0xc5 });
  const fill = (first: number, last: number, operation: Operation): void => {
    for (let opcode = first; opcode <= last; opcode++) table[opcode] = operation;
  };
  fillArithmetic(fill);
  fillMemory(fill);
  return table;
}

type Fill = (first: number, last: number, operation: Operation) => void;

function fillArithmetic(fill: Fill): void {
  const unary = (from: ValueType, gives: ValueType): Operation => ({ takes: [from], gives });
  const binary = (of: ValueType, gives: ValueType): Operation => ({ takes: [of, of], gives });
  fill(0x45, 0x45, unary(I32, I32)); // eqz
  fill(0x46, 0x4f, binary(I32, I32)); // eq to ge_u
  fill(0x50, 0x50, unary(I64, I32));
  fill(0x51, 0x5a, binary(I64, I32));
  fill(0x67, 0x69, unary(I32, I32)); // clz, ctz, popcnt
  fill(0x6a, 0x78, binary(I32, I32)); // add to rotr
  fill(0x79, 0x7b, unary(I64, I64));
  fill(0x7c, 0x8a, binary(I64, I64));
  fill(0xa7, 0xa7, unary(I64, I32)); // wrap
  fill(0xac, 0xad, unary(I32, I64)); // extend
  fill(0xc0, 0xc1, unary(I32, I32)); // extend8_s, extend16_s
  fill(0xc2, 0xc4, unary(I64, I64));
}

function fillMemory(fill: Fill): void {
  const load = (gives: ValueType, alignment: number): Operation => ({ takes: [I32], gives, alignment });
  const store = (of: ValueType, alignment: number): Operation => ({ takes: [I32, of], gives: undefined, alignment });
  fill(0x28, 0x28, load(I32, 2));
  fill(0x29, 0x29, load(I64, 3));
  fill(0x2c, 0x2d, load(I32, 0));
  fill(0x2e, 0x2f, load(I32, 1));
  fill(0x30, 0x31, load(I64, 0));
  fill(0x32, 0x33, load(I64, 1));
  fill(0x34, 0x35, load(I64, 2));
  fill(0x36, 0x36, store(I32, 2));
  fill(0x37, 0x37, store(I64, 3));
  fill(0x3a, 0x3a, store(I32, 0));
  fill(0x3b, 0x3b, store(I32, 1));
  fill(0x3c, 0x3c, store(I64, 0));
  fill(0x3d, 0x3d, store(I64, 1));
  fill(0x3e, 0x3e, store(I64, 2));
}
