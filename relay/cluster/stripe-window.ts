import { cellRange, stripePartsOf, type BlobLayout, type StripePart } from '../../core/index.ts';
import { partSpan, rowOf, type ShardSpan } from './shard-parts.ts';
import type { BlobRange } from './stored-blob.ts';

/** What of a blob is read at a time: stripes in a row, of which each shard has its cells in one object. */
export interface StripeWindow {
  readonly part: number;
  readonly stripes: readonly StripePart[];
  /** The bytes of the part's object that hold the cells of these stripes. */
  readonly span: ShardSpan;
  /** Data shards, rising, that hold bytes of the range. */
  readonly wanted: readonly number[];
}

/** The windows of a range, in order. */
export function windowsOf(layout: BlobLayout, { start, end }: BlobRange): StripeWindow[] {
  const rows = new Map<number, StripePart[]>();
  for (const stripe of stripePartsOf(layout, start, end)) {
    const row = rowOf(layout, stripe.stripe);
    const stripes = rows.get(row) ?? [];
    stripes.push(stripe);
    rows.set(row, stripes);
  }
  return [...rows].map(([part, stripes]) => ({ part, stripes, ...extentOf(layout, part, stripes) }));
}

/** What its cells take in memory. */
export function windowBytes({ span, wanted }: StripeWindow): number {
  return wanted.length * (span.end - span.start);
}

/** A window of the first stripe alone, and one of the others where there are any. */
export function firstStripe(
  layout: BlobLayout,
  { part, stripes }: StripeWindow,
): { readonly first: StripeWindow; readonly rest: StripeWindow | undefined } {
  const windowOf = (some: readonly StripePart[]): StripeWindow => ({
    part,
    stripes: some,
    ...extentOf(layout, part, some),
  });
  return { first: windowOf(stripes.slice(0, 1)), rest: stripes.length > 1 ? windowOf(stripes.slice(1)) : undefined };
}

function extentOf(
  layout: BlobLayout,
  part: number,
  stripes: readonly StripePart[],
): Pick<StripeWindow, 'span' | 'wanted'> {
  const origin = partSpan(layout, part).start;
  const first = stripes[0] as StripePart;
  const last = stripes.at(-1) as StripePart;
  const span = {
    start: cellRange(layout, first.stripe).start - origin,
    end: cellRange(layout, last.stripe).end - origin,
  };
  const wanted = new Set(stripes.flatMap(({ spans }) => spans.map(({ shard }) => shard)));
  return { span, wanted: [...wanted].sort((a, b) => a - b) };
}

/** A stripe's cell in the bytes that were read of a shard. */
export function cellOf(layout: BlobLayout, window: StripeWindow, stripe: number, bytes: Uint8Array): Uint8Array {
  const origin = partSpan(layout, window.part).start + window.span.start;
  const { start, end } = cellRange(layout, stripe);
  return bytes.subarray(start - origin, end - origin);
}
