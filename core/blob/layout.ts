import { struct, uint32, uint64, uint8, type Decoded } from '../codec/index.ts';
import { BLOCK_BYTES, shardBytesFor, type CodeParameters } from '../erasure/index.ts';

/** Largest blob: 100 MiB of content, and room for what its encryption adds. */
export const MAX_BLOB_BYTES = 134_217_728;
/** Most shards of a blob, and so most nodes of a cluster. */
export const MAX_BLOB_SHARDS = 64;
/** Most stripes of a blob. It bounds the hashes that a reader takes before it can trust any of them. */
export const MAX_STRIPES = 2_048;
/** Most bytes of all cells of one stripe: a writer holds these, and its kernel as much again. */
export const MAX_STRIPE_BYTES = 8_388_608;
/** What writers take: the least that is read of a shard, and large enough that hashes are a two-thousandth of it. */
export const CELL_BYTES = 65_536;
/** And for large blobs, which are read whole more often than in ranges: a cell costs its reader and writer time by itself. */
export const LARGE_CELL_BYTES = 262_144;
/** A blob of more bytes is a large one. */
export const LARGE_BLOB_BYTES = 8_388_608;
/** Most bytes of a stripe of large cells: codes of more shards keep to small ones, for their writers' memory. */
const MAX_LARGE_STRIPE_BYTES = 4_194_304;

/** How a blob is cut: what a shard's size, and the place of every byte, follow from (`BL1`, `BL2`). */
export const blobLayout = struct('BlobLayout', {
  dataShards: uint8,
  totalShards: uint8,
  /** Of every stripe but the last. */
  cellBytes: uint32,
  blobBytes: uint64,
});

/** What `blobLayout` encodes. Whether there is such a blob, `isBlobLayout` says. */
export type BlobLayout = Decoded<typeof blobLayout>;

/** Whether blobs are cut so (`BL1`). Numbers may come from anywhere. */
export function isBlobLayout({ dataShards, totalShards, cellBytes, blobBytes }: BlobLayout): boolean {
  if (![dataShards, totalShards, cellBytes, blobBytes].every((value) => Number.isSafeInteger(value) && value > 0)) {
    return false;
  }
  if (dataShards >= totalShards || totalShards > MAX_BLOB_SHARDS || blobBytes > MAX_BLOB_BYTES) return false;
  if (cellBytes % BLOCK_BYTES !== 0 || cellBytes * totalShards > MAX_STRIPE_BYTES) return false;
  return blobBytes <= MAX_STRIPES * dataShards * cellBytes;
}

/** The layout of a blob that this program writes. One that does not exist is a broken invariant and throws. */
export function layOut(blobBytes: number, code: CodeParameters, cellBytes = cellBytesFor(blobBytes, code)): BlobLayout {
  const layout = { dataShards: code.dataShards, totalShards: code.totalShards, cellBytes, blobBytes };
  if (!isBlobLayout(layout)) throw new RangeError(`no blob of ${blobBytes} bytes is cut so`);
  return layout;
}

function cellBytesFor(blobBytes: number, { totalShards }: CodeParameters): number {
  const isLarge = blobBytes > LARGE_BLOB_BYTES && totalShards * LARGE_CELL_BYTES <= MAX_LARGE_STRIPE_BYTES;
  return isLarge ? LARGE_CELL_BYTES : CELL_BYTES;
}

/** Whether two layouts are the same. */
export function equalLayouts(a: BlobLayout, b: BlobLayout): boolean {
  return (
    a.dataShards === b.dataShards &&
    a.totalShards === b.totalShards &&
    a.cellBytes === b.cellBytes &&
    a.blobBytes === b.blobBytes
  );
}

/** At least one. */
export function stripeCount({ dataShards, cellBytes, blobBytes }: BlobLayout): number {
  return Math.ceil(blobBytes / (dataShards * cellBytes));
}

/** Where a stripe's data lies in the blob. */
export function stripeRange(layout: BlobLayout, stripe: number): { readonly start: number; readonly end: number } {
  checkStripe(layout, stripe);
  const start = stripe * layout.dataShards * layout.cellBytes;
  return { start, end: Math.min(start + layout.dataShards * layout.cellBytes, layout.blobBytes) };
}

/** Where a stripe's cell lies in each shard. Those of the last stripe may be shorter than the others. */
export function cellRange(layout: BlobLayout, stripe: number): { readonly start: number; readonly end: number } {
  const { start, end } = stripeRange(layout, stripe);
  const offset = stripe * layout.cellBytes;
  return { start: offset, end: offset + shardBytesFor(end - start, layout.dataShards) };
}

/** Bytes of all cells of one shard, after which its tail begins. */
export function bodyBytes(layout: BlobLayout): number {
  return cellRange(layout, stripeCount(layout) - 1).end;
}

function checkStripe(layout: BlobLayout, stripe: number): void {
  const isThere = Number.isInteger(stripe) && stripe >= 0 && stripe < stripeCount(layout);
  if (!isThere) throw new RangeError(`the blob has no stripe ${stripe}`);
}
