import { invertByte, multiplesOf, raiseByte } from './field.ts';

/** Bytes row by row, read as elements of GF(2^8) (`RS1`). */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly cells: Uint8Array;
}

/** Rows r^0, r^1, … for r from 0 on; any `columns` of them are independent, as the r differ. */
export function vandermondeMatrix(rows: number, columns: number): Matrix {
  const cells = Uint8Array.from({ length: rows * columns }, (_, at) =>
    raiseByte(Math.floor(at / columns), at % columns),
  );
  return { rows, columns, cells };
}

/** These rows of the matrix, in this order. */
export function selectRows({ columns, cells }: Matrix, rows: readonly number[]): Matrix {
  const selected = new Uint8Array(rows.length * columns);
  for (const [at, row] of rows.entries()) selected.set(rowOf(cells, row, columns), at * columns);
  return { rows: rows.length, columns, cells: selected };
}

export function multiplyMatrices(left: Matrix, right: Matrix): Matrix {
  if (left.columns !== right.rows) throw new RangeError('the matrices do not fit');
  const { rows } = left;
  const { columns } = right;
  const cells = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const sum = rowOf(cells, row, columns);
    for (let i = 0; i < left.columns; i++) {
      addMultiple(sum, left.cells[row * left.columns + i] as number, rowOf(right.cells, i, columns));
    }
  }
  return { rows, columns, cells };
}

/** Gauss-Jordan elimination. What is inverted here has independent rows; a matrix that has not is a broken invariant. */
export function invertMatrix({ rows: size, columns, cells }: Matrix): Matrix {
  if (size !== columns) throw new RangeError('only a square matrix has an inverse');
  const work = cells.slice();
  const inverse = identityCells(size);
  for (let pivot = 0; pivot < size; pivot++) {
    const below = findRow(work, size, pivot);
    if (below === undefined) throw new RangeError('the matrix is singular');
    for (const half of [work, inverse]) swapRows(half, size, pivot, below);
    const scale = invertByte(work[pivot * size + pivot] as number);
    for (const half of [work, inverse]) scaleRow(rowOf(half, pivot, size), scale);
    for (let row = 0; row < size; row++) {
      const factor = work[row * size + pivot] as number;
      if (row === pivot || factor === 0) continue;
      for (const half of [work, inverse]) addMultiple(rowOf(half, row, size), factor, rowOf(half, pivot, size));
    }
  }
  return { rows: size, columns: size, cells: inverse };
}

function identityCells(size: number): Uint8Array {
  const cells = new Uint8Array(size * size);
  for (let i = 0; i < size; i++) cells[i * size + i] = 1;
  return cells;
}

/** The first row from the pivot on that has something in the pivot's column. */
function findRow(cells: Uint8Array, size: number, pivot: number): number | undefined {
  for (let row = pivot; row < size; row++) if (cells[row * size + pivot] !== 0) return row;
  return undefined;
}

function swapRows(cells: Uint8Array, size: number, a: number, b: number): void {
  if (a === b) return;
  const kept = rowOf(cells, a, size).slice();
  rowOf(cells, a, size).set(rowOf(cells, b, size));
  rowOf(cells, b, size).set(kept);
}

function scaleRow(row: Uint8Array, factor: number): void {
  const scaled = multiplesOf(factor);
  for (let i = 0; i < row.length; i++) row[i] = scaled[row[i] as number] as number;
}

function addMultiple(row: Uint8Array, factor: number, other: Uint8Array): void {
  const scaled = multiplesOf(factor);
  for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) ^ (scaled[other[i] as number] as number);
}

/** A view of the row, so that writing to it writes to the matrix. */
function rowOf(cells: Uint8Array, row: number, columns: number): Uint8Array {
  return cells.subarray(row * columns, (row + 1) * columns);
}
