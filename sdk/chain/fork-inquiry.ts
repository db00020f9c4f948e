import {
  appendLeaf,
  EMPTY_RANGE,
  equalBytes,
  leafHash,
  MAX_PAGE_ENTRIES,
  rootOf,
  type ChainId,
  type CompactRange,
} from '../../core/index.ts';
import type { RelayClient } from '../relay-client.ts';
import type { HeldChain } from './page-verification.ts';
import type { HeldCheckpoint } from './position.ts';

/**
 * Whether a signed checkpoint proves that the relay keeps another history than the one that was verified (`CL5`). A page
 * that does not fit proves nothing by itself: it may have been damaged on its way. So the log under the checkpoint is read
 * from entry 0, and only entries that add up to the signed root, and contradict what is held, count.
 */
export async function provesFork(
  offered: HeldCheckpoint,
  held: HeldChain,
  source: { readonly client: RelayClient; readonly chain: ChainId; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  const { cursor, checkpoint, leaves } = held;
  if (checkpoint === undefined || cursor.size === 0) return false;
  if (offered.size === checkpoint.size) return !equalBytes(offered.root, checkpoint.root);
  if (offered.size <= cursor.size) return !equalBytes(leaves.rootAt(offered.size), offered.root);
  return contradicts(await readRoots(offered, held, source), offered, held);
}

interface ReadRoots {
  readonly atCursor: Uint8Array | undefined;
  readonly atHeld: Uint8Array | undefined;
  readonly atOffered: Uint8Array | undefined;
}

function contradicts({ atCursor, atHeld, atOffered }: ReadRoots, offered: HeldCheckpoint, held: HeldChain): boolean {
  if (atOffered === undefined || !equalBytes(atOffered, offered.root)) return false;
  const isSameStart = atCursor !== undefined && equalBytes(atCursor, rootOf(held.cursor.range));
  const isSameHeld = atHeld === undefined || equalBytes(atHeld, held.checkpoint?.root ?? atHeld);
  return !isSameStart || !isSameHeld;
}

/** The roots of the log as the relay tells it now, at the sizes that matter. Hashes alone; nothing of it is believed. */
async function readRoots(
  offered: HeldCheckpoint,
  { cursor, checkpoint }: HeldChain,
  { client, chain, signal }: { client: RelayClient; chain: ChainId; signal: AbortSignal | undefined },
): Promise<ReadRoots> {
  const roots = new Map<number, Uint8Array>();
  const sizes = [cursor.size, checkpoint?.size, offered.size];
  let range: CompactRange = EMPTY_RANGE;
  while (range.size < offered.size) {
    const page = await client.entries(chain, { from: range.size, limit: MAX_PAGE_ENTRIES }, signal);
    if (page.entries.length === 0) break;
    for (const { entry } of page.entries) {
      range = appendLeaf(range, leafHash(entry)).range;
      if (sizes.includes(range.size)) roots.set(range.size, rootOf(range));
    }
  }
  const rootAt = (size: number | undefined): Uint8Array | undefined => roots.get(size ?? -1);
  return { atCursor: rootAt(cursor.size), atHeld: rootAt(checkpoint?.size), atOffered: rootAt(offered.size) };
}
