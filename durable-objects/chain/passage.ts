import { MAX_PAGE_BYTES, MAX_PAGE_ENTRIES, type LoggedEntry } from '../../core/index.ts';
import { endedBetween, type ChainHead, type Flush, type NewEntry } from '../../relay/index.ts';
import { entriesFrame } from './frames.ts';

/** New entries on their way to those who read live. Plain data: it crosses an RPC. */
export interface Passage {
  /** Index of the first entry. */
  readonly first: number;
  /** Index after the last one. */
  readonly next: number;
  /** The entries, for those who may read all of them. */
  readonly frames: readonly Uint8Array[];
  /** Actors whose reading ended: what is left for them, each gets as history. */
  readonly ended: readonly Uint8Array[];
}

/** What a flush has for readers. */
export function passageOf({ head, entries }: Flush, checkpoint: string, previous: ChainHead): Passage {
  return {
    first: previous.size,
    next: head.size,
    frames: pagesOf(entries).map((page) => entriesFrame({ entries: page, checkpoint })),
    ended: endedBetween(previous.state, head.state),
  };
}

/** A flush in pieces that a frame can hold. What came together in one turn may be many times as much. */
function pagesOf(entries: readonly NewEntry[]): readonly (readonly LoggedEntry[])[] {
  const pages: LoggedEntry[][] = [];
  let bytes = Infinity;
  for (const { entry, payload } of entries) {
    const entryBytes = entry.length + (payload?.bytes.length ?? 0);
    const isFull = bytes + entryBytes > MAX_PAGE_BYTES || pages.at(-1)?.length === MAX_PAGE_ENTRIES;
    if (isFull) pages.push([]);
    bytes = isFull ? entryBytes : bytes + entryBytes;
    pages.at(-1)?.push({ entry, payload: payload?.bytes });
  }
  return pages;
}
