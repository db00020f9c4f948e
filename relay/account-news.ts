import { consistencyProof, encode, MAX_IMPORTED_ENTRIES, importedFacts } from '../core/index.ts';
import type { StoredLog } from './restore.ts';

/** Entries are read up to this size: an event holds them with a checkpoint and a proof of the largest tree. */
const MAX_NEWS_BYTES = 56_000;

/**
 * What a group that knows the first `from` entries of an account's chain is to import next (`NA4`): undefined where that is
 * all. `checkpoint` is the signed one of the whole log.
 */
export function accountNews(log: StoredLog, from: number, checkpoint: string): Uint8Array | undefined {
  const { size } = log;
  if (from > size) throw new RangeError(`a group knows ${from} entries of an account that has ${size}`);
  if (from === size) return undefined;
  const entries: Uint8Array[] = [];
  let bytes = 0;
  for (let index = from; index < size && entries.length < MAX_IMPORTED_ENTRIES; index++) {
    const entry = log.entryAt(index);
    bytes += entry.length;
    if (entries.length > 0 && bytes > MAX_NEWS_BYTES) break;
    entries.push(entry);
  }
  const to = from + entries.length;
  const consistency = to < size ? consistencyProof(to, size, log.node) : [];
  return encode(importedFacts, { entries, consistency, checkpoint });
}
