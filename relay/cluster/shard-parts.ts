import {
  bodyBytes,
  cellRange,
  MAX_OBJECT_BYTES,
  shardObjectBytes,
  stripeCount,
  type BlobLayout,
} from '../../core/index.ts';

/** Bytes of a shard, `start` included and `end` not. */
export interface ShardSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * A writer holds one part of each shard while it sends those before: this bounds all of them together, and so a writer's memory
 * to twice as much. A node takes as long for a small part as for a large one, so they are as large as that allows.
 */
const MAX_ROW_BYTES = 12 * 1024 * 1024;

/** Cells of each part but the last: as many as an object, and a writer's memory, have room for; at least one (`SC9`). */
export function cellsPerPart({ totalShards, cellBytes }: BlobLayout): number {
  const partBytes = Math.min(MAX_OBJECT_BYTES, MAX_ROW_BYTES / totalShards);
  return Math.max(1, Math.floor(partBytes / cellBytes));
}

/** Parts with cells. All shards of a blob are cut at the same stripes, so the parts of one number are a row. */
export function rowCount(layout: BlobLayout): number {
  return Math.ceil(stripeCount(layout) / cellsPerPart(layout));
}

/** All parts of a shard: its rows, and one with the tail where there is more than one row. */
export function partCount(layout: BlobLayout): number {
  const rows = rowCount(layout);
  return rows === 1 ? 1 : rows + 1;
}

/** Parts of a row together, the first being as large as any. */
export function rowBytes(layout: BlobLayout): number {
  const { start, end } = partSpan(layout, 0);
  return layout.totalShards * (end - start);
}

/** What of a shard a part holds. */
export function partSpan(layout: BlobLayout, part: number): ShardSpan {
  const rows = rowCount(layout);
  if (rows === 1) return { start: 0, end: shardObjectBytes(layout) };
  if (part === rows) return { start: bodyBytes(layout), end: shardObjectBytes(layout) };
  const { first, last } = rowStripes(layout, part);
  return { start: cellRange(layout, first).start, end: cellRange(layout, last).end };
}

/** The part that holds the tail. */
export function tailPart(layout: BlobLayout): number {
  return partCount(layout) - 1;
}

/** The row that holds a stripe. */
export function rowOf(layout: BlobLayout, stripe: number): number {
  return Math.floor(stripe / cellsPerPart(layout));
}

/** The stripes of a row, both included. */
export function rowStripes(layout: BlobLayout, row: number): { readonly first: number; readonly last: number } {
  const cells = cellsPerPart(layout);
  return { first: row * cells, last: Math.min((row + 1) * cells, stripeCount(layout)) - 1 };
}

/** Bytes of the blob that come before a row: where an upload that has stored so many goes on. */
export function rowOffset(layout: BlobLayout, row: number): number {
  return Math.min(row * cellsPerPart(layout) * layout.dataShards * layout.cellBytes, layout.blobBytes);
}
