import { MAX_PAGE_ENTRIES, type ChainId, type EntryPage } from '../../core/index.ts';
import type { RelayClient } from '../relay-client.ts';

/**
 * Entries that are verified and stored at once, as far as that many are there: what a commit costs is then small beside
 * what their signatures cost.
 */
export const JOINED_ENTRIES = 1_024;
/** A page is joined while there are fewer, so no more than this come together. */
export const MAX_JOINED_ENTRIES = JOINED_ENTRIES + MAX_PAGE_ENTRIES;

/** Pages from an index to the end of the log, joined to larger ones. The next travels while the last is verified. */
export async function* pagesFrom(
  start: number,
  { client, chain, signal }: { readonly client: RelayClient; readonly chain: ChainId; readonly signal: AbortSignal },
): AsyncGenerator<EntryPage, void, undefined> {
  let from = start;
  const fetchNext = (): Promise<EntryPage> => {
    const page = client.entries(chain, { from, limit: MAX_PAGE_ENTRIES }, signal);
    // Whoever reads the page gets the error; until then nobody may be looking.
    page.catch(() => undefined);
    return page;
  };
  let next: Promise<EntryPage> | undefined = fetchNext();
  let joined: EntryPage['entries'] = [];
  while (next !== undefined) {
    const { entries, checkpoint }: EntryPage = await next;
    from += entries.length;
    joined = [...joined, ...entries];
    next = entries.length > 0 && from < claimedSize(checkpoint) ? fetchNext() : undefined;
    if (next !== undefined && joined.length < JOINED_ENTRIES) continue;
    yield { entries: joined, checkpoint };
    joined = [];
  }
}

/** The size in a checkpoint before anyone looked whether it is true: a hint whether there is more to ask for. */
export function claimedSize(checkpoint: string): number {
  return Number(checkpoint.split('\n')[1]);
}
