import { cellRange, stripeRange, type BlobLayout } from './layout.ts';

/** Bytes of one cell, counted from its beginning. */
export interface CellSpan {
  readonly shard: number;
  readonly start: number;
  readonly end: number;
}

/** What a range of a blob takes of one stripe: spans of data shards, in the order of the bytes. */
export interface StripePart {
  readonly stripe: number;
  readonly spans: readonly CellSpan[];
}

/**
 * Bytes [start, end) of a blob, stripe by stripe: only the stripes and data shards that hold some of them (`BL9`). A range
 * that does not lie in the blob throws: whoever takes one from outside cuts it to the blob first.
 */
export function* stripePartsOf(layout: BlobLayout, start: number, end: number): Generator<StripePart, void> {
  const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end;
  if (!isRange || end > layout.blobBytes) throw new RangeError(`the blob has no bytes ${start} to ${end}`);
  if (start === end) return;
  const stripeBytes = layout.dataShards * layout.cellBytes;
  for (let stripe = Math.floor(start / stripeBytes); stripe * stripeBytes < end; stripe++) {
    yield partOf(layout, stripe, { start, end });
  }
}

/** The bytes of the blob that one stripe holds. */
export function wholeStripe(layout: BlobLayout, stripe: number): StripePart {
  return partOf(layout, stripe, stripeRange(layout, stripe));
}

function partOf(
  layout: BlobLayout,
  stripe: number,
  range: { readonly start: number; readonly end: number },
): StripePart {
  const data = stripeRange(layout, stripe);
  const cell = cellRange(layout, stripe);
  const cellBytes = cell.end - cell.start;
  const end = Math.min(range.end, data.end) - data.start;
  const spans: CellSpan[] = [];
  for (let at = Math.max(range.start, data.start) - data.start; at < end;) {
    const shard = Math.floor(at / cellBytes);
    const cellStart = shard * cellBytes;
    const next = Math.min(cellStart + cellBytes, end);
    spans.push({ shard, start: at - cellStart, end: next - cellStart });
    at = next;
  }
  return { stripe, spans };
}
