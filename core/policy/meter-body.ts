import { FUEL_A_PAGE, BULK_BYTES_LOG2, frameCost, instructionCost } from './fuel-costs.ts';
import { readInstruction, type Instruction } from './instructions.ts';
import type { FunctionBody, VerifiedModule } from './module-image.ts';
import { ModuleReader } from './module-reader.ts';
import type { ModuleWriter } from './module-writer.ts';
import { OP } from './operations.ts';
import { I32, type FunctionType } from './value-type.ts';

/** Calls inside each other, the one from outside counted (`FU5`). */
export const MAX_CALL_DEPTH = 128;
/** What `grow` leaves in the depth counter where the host had no memory to give, which is no fault of the module. */
export const HOST_EXHAUSTED = -1;

/** Where the meter has put its own things: behind everything that the module has. */
export interface MeterIndexes {
  readonly fuel: number;
  readonly depth: number;
  /** Takes bytes, charges for them and gives them back. */
  readonly charge: number;
  /** Takes pages, charges for them, and then is `memory.grow`. */
  readonly grow: number;
}

const NO_RESULT = 0x40;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_EQZ = 0x45;
const I32_EQ = 0x46;
const I32_GT_S = 0x4a;
const I64_ADD = 0x7c;
const I64_SUB = 0x7d;
const I64_MUL = 0x7e;
const I64_SHR_U = 0x88;
const I64_LT_S = 0x53;
const I64_GT_U = 0x56;
const I64_EXTEND_I32_U = 0xad;
const MINUS_ONE = 0x7f;

/** Instructions that run together or not at all. */
interface Run {
  readonly steps: readonly { readonly instruction: Instruction; readonly end: number }[];
  readonly cost: number;
}

/** After these, other code may go on than what stands there; before a loop's body, it goes on again and again. */
const RUN_ENDS: ReadonlySet<number> = new Set([
  ...[OP.loop, OP.if, OP.else, OP.end],
  ...[OP.br, OP.brIf, OP.brTable, OP.return, OP.unreachable],
]);

/** Writes the code of one function with everything charged that it does (`FU3`–`FU6`). */
export class BodyMeter {
  readonly #writer: ModuleWriter;
  readonly #module: VerifiedModule;
  readonly #indexes: MeterIndexes;
  /** Blocks that are open, without the one that is the function. */
  #nesting = 0;

  constructor(writer: ModuleWriter, module: VerifiedModule, indexes: MeterIndexes) {
    this.#writer = writer;
    this.#module = module;
    this.#indexes = indexes;
  }

  /** The body becomes a block of its own, so that every way out of it passes what counts the depth down. */
  write(body: FunctionBody, { result }: FunctionType): void {
    const { bytes } = this.#module;
    this.#writer.append(bytes.subarray(body.start, body.code));
    this.#enter();
    this.#writer.write(OP.block, result ?? NO_RESULT);
    const reader = new ModuleReader(bytes, body.code, body.end);
    let extra = frameCost(body.locals);
    let isChecked = true;
    while (!reader.atEnd) {
      const { steps, cost } = readRun(reader);
      const charged = cost + extra;
      if (charged > 0) this.#charge(charged, isChecked);
      extra = 0;
      for (const { instruction, end } of steps) this.#copy(instruction, end);
      // A run that costs nothing leaves the check to the next: a loop may begin with empty blocks, and must not go round without one.
      isChecked = steps.at(-1)?.instruction.opcode === OP.loop || (isChecked && charged === 0);
    }
    this.#leave();
    this.#writer.write(OP.end);
  }

  #enter(): void {
    const { depth } = this.#indexes;
    this.#addToDepth(I32_ADD);
    this.#globalGet(depth);
    this.#writer.write(OP.i32Const);
    this.#writer.positive(MAX_CALL_DEPTH);
    this.#writer.write(I32_GT_S, OP.if, NO_RESULT, OP.unreachable, OP.end);
  }

  #leave(): void {
    this.#addToDepth(I32_SUB);
  }

  #addToDepth(operation: number): void {
    this.#globalGet(this.#indexes.depth);
    this.#writer.write(OP.i32Const, 1, operation);
    this.#globalSet(this.#indexes.depth);
  }

  /** Only where a function or a turn of a loop begins is the fuel looked at: what lies between ends by itself. */
  #charge(cost: number, isChecked: boolean): void {
    const { fuel } = this.#indexes;
    this.#globalGet(fuel);
    this.#writer.write(OP.i64Const);
    this.#writer.positive(cost);
    this.#writer.write(I64_SUB);
    this.#globalSet(fuel);
    if (isChecked) writeFuelCheck(this.#writer, fuel);
  }

  #copy({ opcode, offset }: Instruction, end: number): void {
    const writer = this.#writer;
    switch (opcode) {
      case OP.return:
        writer.write(OP.br);
        return writer.u32(this.#nesting);
      case OP.memoryGrow:
        writer.write(OP.call);
        return writer.u32(this.#indexes.grow);
      case OP.memoryInit:
      case OP.memoryCopy:
      case OP.memoryFill:
        writer.write(OP.call);
        writer.u32(this.#indexes.charge);
        break;
      case OP.block:
      case OP.loop:
      case OP.if:
        this.#nesting += 1;
        break;
      case OP.end:
        this.#nesting -= 1;
    }
    writer.append(this.#module.bytes.subarray(offset, end));
  }

  #globalGet(index: number): void {
    writeGlobal(this.#writer, OP.globalGet, index);
  }

  #globalSet(index: number): void {
    writeGlobal(this.#writer, OP.globalSet, index);
  }
}

function readRun(reader: ModuleReader): Run {
  const steps = [];
  let cost = 0;
  while (!reader.atEnd) {
    const instruction = readInstruction(reader);
    steps.push({ instruction, end: reader.offset });
    cost += instructionCost(instruction.opcode);
    if (RUN_ENDS.has(instruction.opcode)) break;
  }
  return { steps, cost };
}

/** `charge(bytes) -> bytes` (`FU6`). */
export function writeChargeBody(writer: ModuleWriter, { fuel }: MeterIndexes): void {
  writer.write(0);
  writeGlobal(writer, OP.globalGet, fuel);
  writer.write(OP.localGet, 0, I64_EXTEND_I32_U, OP.i64Const, BULK_BYTES_LOG2, I64_SHR_U, I64_SUB);
  writeGlobal(writer, OP.globalSet, fuel);
  writeFuelCheck(writer, fuel);
  writer.write(OP.localGet, 0, OP.end);
}

/**
 * `grow(pages) -> pages before, or -1` (`FU6`). What is above the maximum fails in every engine, and costs nothing. What is
 * below it may fail on a host without memory: then nothing is decided. An engine that is asked for no pages makes its view of the
 * memory anew all the same, which takes it hundreds of times what the question costs, so it is not asked.
 */
export function writeGrowBody(writer: ModuleWriter, { fuel, depth }: MeterIndexes, maximumPages: number): void {
  writer.write(0, OP.localGet, 0, I32_EQZ, OP.if, I32, OP.memorySize, 0, OP.else);
  writer.write(OP.memorySize, 0, I64_EXTEND_I32_U, OP.localGet, 0, I64_EXTEND_I32_U, I64_ADD, OP.i64Const);
  writer.positive(maximumPages);
  writer.write(I64_GT_U, OP.if, I32, OP.i32Const, MINUS_ONE, OP.else);
  writeGlobal(writer, OP.globalGet, fuel);
  writer.write(OP.localGet, 0, I64_EXTEND_I32_U, OP.i64Const);
  writer.positive(FUEL_A_PAGE);
  writer.write(I64_MUL, I64_SUB);
  writeGlobal(writer, OP.globalSet, fuel);
  writeFuelCheck(writer, fuel);
  writer.write(OP.localGet, 0, OP.memoryGrow, 0, OP.localTee, 0, OP.i32Const, MINUS_ONE, I32_EQ, OP.if, NO_RESULT);
  writer.write(OP.i32Const, HOST_EXHAUSTED & 0x7f);
  writeGlobal(writer, OP.globalSet, depth);
  writer.write(OP.unreachable, OP.end, OP.localGet, 0, OP.end, OP.end, OP.end);
}

function writeFuelCheck(writer: ModuleWriter, fuel: number): void {
  writeGlobal(writer, OP.globalGet, fuel);
  writer.write(OP.i64Const, 0, I64_LT_S, OP.if, NO_RESULT, OP.unreachable, OP.end);
}

function writeGlobal(writer: ModuleWriter, opcode: number, index: number): void {
  writer.write(opcode);
  writer.u32(index);
}
