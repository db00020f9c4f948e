import { multiplesOf } from './field.ts';
import { checkNewest, checkOperands, checkRoom, type ErasureKernel, type Product, type Room } from './kernel.ts';
import type { Matrix } from './matrix.ts';

/**
 * Products in plain TypeScript: for where there is no WebAssembly or it gives wrong answers, and the oracle that faster
 * kernels are compared with (`RS5`).
 */
export function loadPortableKernel(): ErasureKernel {
  let memory = new Uint8Array(0);
  let newest: Room | undefined;
  return {
    name: 'portable',
    reserve(bytes) {
      checkRoom(bytes);
      if (memory.length < bytes) memory = new Uint8Array(bytes);
      return (newest = memory.subarray(0, bytes));
    },
    prepare(matrix): Product {
      const rows = tablesOf(matrix);
      return (room, operands) => {
        checkNewest(room, newest);
        checkOperands(room, matrix, operands);
        const { inputs, outputs, bytes } = operands;
        const sources = inputs.map((offset) => room.subarray(offset, offset + bytes));
        for (const [row, offset] of outputs.entries()) {
          addProducts(room.subarray(offset, offset + bytes), rows[row] as readonly Uint8Array[], sources);
        }
      };
    },
  };
}

function tablesOf({ rows, columns, cells }: Matrix): readonly (readonly Uint8Array[])[] {
  const ofCells = Array.from(cells, multiplesOf);
  return Array.from({ length: rows }, (_, row) => ofCells.slice(row * columns, (row + 1) * columns));
}

function addProducts(output: Uint8Array, row: readonly Uint8Array[], sources: readonly Uint8Array[]): void {
  output.fill(0);
  for (const [column, source] of sources.entries()) {
    const table = row[column] as Uint8Array;
    for (let i = 0; i < output.length; i++) {
      output[i] = (output[i] as number) ^ (table[source[i] as number] as number);
    }
  }
}
