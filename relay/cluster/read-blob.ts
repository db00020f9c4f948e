import { err, ok, type Result, type StripePart } from '../../core/index.ts';
import type { ClusterNodes } from './cluster-nodes.ts';
import { ShardSource } from './shard-source.ts';
import type { BlobRange, BlobReadOptions, BlobReadRefusal, StoredBlob } from './stored-blob.ts';
import type { WindowFetch } from './window-fetch.ts';
import { WindowPlan } from './window-plan.ts';

/**
 * Reads a range of a blob from its nodes, piece by piece, in memory that does not grow with it; the next window is on its way
 * while one is taken, where there is memory for two (`SC11`, `SC12`, `UP7`). A piece is a view that holds until the next is asked for. After a refusal nothing comes any more. A range that
 * is not in the blob throws.
 */
export async function* readBlob(
  cluster: ClusterNodes,
  stored: StoredBlob,
  range: BlobRange,
  options: BlobReadOptions = {},
): AsyncGenerator<Result<Uint8Array, BlobReadRefusal>, void> {
  const source = new ShardSource(cluster, stored, options);
  const plan = new WindowPlan(source, range);
  let current = plan.next();
  let ahead: WindowFetch | undefined;
  const giveUp = (): void => {
    current?.abandon();
    ahead?.abandon();
  };
  try {
    while (current !== undefined) {
      await current.ready;
      ahead = plan.ahead();
      for (const stripe of current.window.stripes) {
        const read = await readStripe(source, current, stripe);
        if (!read.ok) {
          // A reader who is refused need not ask on, and nothing below the yield is done then.
          giveUp();
          yield read;
          return;
        }
        for (const piece of read.value) yield ok(piece);
      }
      current.release();
      current = ahead ?? plan.next();
      ahead = undefined;
    }
  } finally {
    giveUp();
  }
}

/** The whole range at once, for one that fits into memory. */
export async function readBlobRange(
  cluster: ClusterNodes,
  stored: StoredBlob,
  range: BlobRange,
  options: BlobReadOptions = {},
): Promise<Result<Uint8Array, BlobReadRefusal>> {
  const bytes = new Uint8Array(range.end - range.start);
  let filled = 0;
  for await (const piece of readBlob(cluster, stored, range, options)) {
    if (!piece.ok) return piece;
    bytes.set(piece.value, filled);
    filled += piece.value.length;
  }
  return ok(bytes);
}

/** Asks on for as long as the cells at hand are not enough, or not those that were written. */
async function readStripe(
  source: ShardSource,
  fetch: WindowFetch,
  part: StripePart,
): Promise<Result<readonly Uint8Array[], BlobReadRefusal>> {
  const bad = new Set<number>();
  for (;;) {
    const read = source.reader.readPart(part, fetch.cellsOf(part.stripe, bad));
    if (!read.ok && read.error.code === 'inconsistent-blob') return err(read.error);
    const erased = read.ok ? read.value.erased : read.error.code === 'too-few-shards' ? read.error.erased : [];
    for (const shard of erased) {
      bad.add(shard);
      source.noteDamage(shard);
    }
    if (read.ok) return ok(read.value.pieces);
    // With the bad ones out, what was left aside before may be enough by now.
    if (erased.length > 0 && fetch.cellsOf(part.stripe, bad).size >= source.reader.descriptor.layout.dataShards)
      continue;
    if (await fetch.more()) continue;
    const { needed, present } = read.error as { readonly needed: number; readonly present: number };
    return err({ code: 'unavailable', needed, found: present });
  }
}
