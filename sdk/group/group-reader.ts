import type { ChainState } from '../../core/index.ts';
import type { EntryReader } from '../chain/chain-follower.ts';
import type { ChainKeys } from '../chain/chain-keys.ts';
import type { VerifiedEntry, VerifiedPage } from '../chain/page-verification.ts';
import type { StorageWrite } from '../storage.ts';
import { contentOf, itemOf, type ContentOpener } from './entry-content.ts';
import { removalOf } from './group-status.ts';
import type { StoredItem } from './stored-item.ts';
import { timelineWrite } from './timeline.ts';

/** Opens the content of one page, entry by entry. */
export interface PageOpener extends ContentOpener {
  /** What opening has used up and found, to be stored with the page (`CL8`). */
  finish(): readonly StorageWrite[];
}

/** How content of one group is opened. */
export interface Opening {
  /** What a page begins with is what is stored: one that was not stored leaves nothing behind. */
  begin(): Promise<PageOpener>;
  /** Whether this identity's reading goes on although the entry at `index` removed it. */
  goesOnAfter(index: number): Promise<boolean>;
}

/** Turns verified pages into a group's timeline, whichever way its content is sealed. */
export class GroupReader implements EntryReader {
  readonly #keys: ChainKeys;
  readonly #self: Uint8Array;
  readonly #opening: Opening;

  constructor(keys: ChainKeys, self: Uint8Array, opening: Opening) {
    this.#keys = keys;
    this.#self = self;
    this.#opening = opening;
  }

  async read({ entries }: VerifiedPage): Promise<readonly StorageWrite[]> {
    const opener = await this.#opening.begin();
    const items: StoredItem[] = [];
    for (const entry of entries) {
      const content = await contentOf(entry, opener);
      if (content !== undefined) items.push(itemOf(entry, content));
    }
    const first = entries[0]?.index ?? 0;
    return [timelineWrite(this.#keys, { first, end: first + entries.length }, items), ...opener.finish()];
  }

  /**
   * Reading stops at this identity's removal, even where the relay would let it read on since it was invited again: that
   * invitation brings the keys, and going on without them would leave what it can read sealed.
   */
  async endOf(entries: readonly VerifiedEntry[], before: ChainState | undefined): Promise<number> {
    const removedBefore = removalOf(before, this.#self);
    if (removedBefore !== undefined && !(await this.#opening.goesOnAfter(removedBefore))) return 0;
    let removed = removedBefore;
    for (const [i, { state, index }] of entries.entries()) {
      const next = removalOf(state, this.#self);
      if (next !== undefined && next !== removed && !(await this.#opening.goesOnAfter(index))) return i + 1;
      removed = next;
    }
    return entries.length;
  }
}
