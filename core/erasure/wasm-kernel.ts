import { multiplyBytes } from './field.ts';
import { checkNewest, checkOperands, checkRoom, type ErasureKernel, type KernelName, type Room } from './kernel.ts';
import { selectRows, type Matrix } from './matrix.ts';

/** The part of a WebAssembly.Memory that a kernel needs. */
interface KernelMemory {
  readonly buffer: ArrayBufferLike;
  /** Adds pages of 64 KiB; gives how many there were. */
  grow(pages: number): number;
}

/** What a module made of `kernels/erasure.ts` exports. */
export interface KernelExports {
  readonly memory: KernelMemory;
  /** Multiplies rows of the matrix on the first page by the inputs, into the outputs: addresses and lengths in bytes. */
  readonly product: (...operands: ProductOperands) => void;
}

type ProductOperands = [plan: number, tables: number, inputs: number, outputs: number, bytes: number];

const PAGE_BYTES = 65_536;
const POINTER_BYTES = 4;
/** The first page has the addresses of the shards and then the tables; the room follows. */
const PLAN = 0;
const TABLES = 2048;
const ROOM = PAGE_BYTES;
/** A coefficient has two tables: its products with the low nibbles, and with the high ones. */
const NIBBLES = 16;
const TABLES_BYTES = 2 * NIBBLES;
/** The kernel takes rows in these groups: with four, each input is read a quarter as often. */
const ROW_GROUPS = [4, 2, 1];

/** Rows of a matrix whose tables fit on the first page. */
interface RowChunk {
  readonly firstRow: number;
  readonly rows: number;
  readonly tables: Uint8Array;
}

/** An instance is this kernel's alone: it writes over all of the memory. */
export function openWasmKernel(name: KernelName, { memory, product }: KernelExports): ErasureKernel {
  let newest: Room | undefined;
  let addresses = new Uint32Array(memory.buffer, PLAN, TABLES / POINTER_BYTES);
  let loaded: RowChunk | undefined;

  const multiplyChunk = (chunk: RowChunk, columns: number, bytes: number) => {
    if (loaded !== chunk) new Uint8Array(memory.buffer, TABLES, chunk.tables.length).set(chunk.tables);
    loaded = chunk;
    product(PLAN, TABLES, columns, chunk.rows, bytes);
  };

  return {
    name,
    reserve(bytes) {
      checkRoom(bytes);
      const missing = ROOM + bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
      // Growing moves the memory from under its views.
      if (missing > 0) addresses = new Uint32Array(memory.buffer, PLAN, TABLES / POINTER_BYTES);
      return (newest = new Uint8Array(memory.buffer, ROOM, bytes));
    },
    prepare(matrix) {
      const chunks = chunksOf(matrix);
      const { columns } = matrix;
      return (room, operands) => {
        checkNewest(room, newest);
        checkOperands(room, matrix, operands);
        const { inputs, outputs, bytes } = operands;
        for (let i = 0; i < columns; i++) addresses[i] = ROOM + (inputs[i] as number);
        for (const chunk of chunks) {
          for (let i = 0; i < chunk.rows; i++) addresses[columns + i] = ROOM + (outputs[chunk.firstRow + i] as number);
          multiplyChunk(chunk, columns, bytes);
        }
      };
    },
  };
}

/** As many rows at a time as there is room for tables, in whole groups. */
function chunksOf(matrix: Matrix): RowChunk[] {
  const [group = 1] = ROW_GROUPS;
  const fitting = Math.floor((ROOM - TABLES) / (matrix.columns * TABLES_BYTES));
  const step = fitting - (fitting % group);
  if (step === 0) throw new RangeError('the matrix has too many columns');
  const chunks: RowChunk[] = [];
  for (let firstRow = 0; firstRow < matrix.rows; firstRow += step) {
    const rows = Math.min(step, matrix.rows - firstRow);
    const indexes = Array.from({ length: rows }, (_, i) => firstRow + i);
    chunks.push({ firstRow, rows, tables: tablesOf(selectRows(matrix, indexes)) });
  }
  return chunks;
}

/** In the order in which the kernel reads them: group by group, in a group column by column. */
function tablesOf({ rows, columns, cells }: Matrix): Uint8Array {
  const tables = new Uint8Array(cells.length * TABLES_BYTES);
  let at = 0;
  for (let row = 0; row < rows;) {
    const group = ROW_GROUPS.find((size) => size <= rows - row) ?? 1;
    for (let column = 0; column < columns; column++) {
      for (let i = row; i < row + group; i++) {
        writeTables(tables.subarray(at, at + TABLES_BYTES), cells[i * columns + column] as number);
        at += TABLES_BYTES;
      }
    }
    row += group;
  }
  return tables;
}

function writeTables(tables: Uint8Array, coefficient: number): void {
  for (let nibble = 0; nibble < NIBBLES; nibble++) {
    tables[nibble] = multiplyBytes(coefficient, nibble);
    tables[NIBBLES + nibble] = multiplyBytes(coefficient, nibble << 4);
  }
}
