import { consistencyProof, type NodeReader } from '../merkle/index.ts';
import { MAX_IMPORTED_ENTRIES, type ImportedFacts } from '../state/index.ts';

/** Entries are taken up to this size: an event holds them with a checkpoint and a proof of the largest tree. */
const MAX_IMPORT_BYTES = 56_000;

/** The log of an account, as far as an import is made of it. */
export interface ImportedLog {
  readonly size: number;
  /** Throws for what is not there. */
  entryAt(index: number): Uint8Array;
  readonly node: NodeReader;
}

/**
 * What a group that knows the first `from` entries of an account's chain is to import next (`NA4`): undefined where that is
 * all. `checkpoint` is the signed one of the whole log.
 */
export function nextImport(log: ImportedLog, from: number, checkpoint: string): ImportedFacts | undefined {
  const { size } = log;
  if (from > size) throw new RangeError(`a group knows ${from} entries of an account that has ${size}`);
  if (from === size) return undefined;
  const entries: Uint8Array[] = [];
  let bytes = 0;
  for (let index = from; index < size && entries.length < MAX_IMPORTED_ENTRIES; index++) {
    const entry = log.entryAt(index);
    bytes += entry.length;
    if (entries.length > 0 && bytes > MAX_IMPORT_BYTES) break;
    entries.push(entry);
  }
  const to = from + entries.length;
  return { entries, consistency: to < size ? consistencyProof(to, size, log.node) : [], checkpoint };
}
