import { readableUntil, toBase64Url, type ChainState, type Roster } from '../core/index.ts';

/** How much of the log a reader may know of after a flush: all of it, what it was at their removal, or nothing (`AC4`). */
export function knownSize(state: ChainState, size: number, actor: Uint8Array): number {
  const until = readableUntil(state, actor);
  return until === undefined ? 0 : Math.min(size, until + 1);
}

/** Who may read changes only with the roster; identity chains have none. */
export function rosterOf(state: ChainState): Roster | undefined {
  return state.kind === 'group' ? state.value.roster : undefined;
}

/**
 * Decides who is told of new entries through their mailbox: members who are away and were not told since they last read.
 * One poke is enough until then, so a busy chain with absent members costs no more than a quiet one.
 */
export class Audience {
  readonly #told = new Set<string>();
  #members: { readonly roster: Roster; readonly keys: readonly string[] } | undefined;

  /** Members to poke for a flush. */
  awayFrom(state: ChainState, isPresent: (key: string) => boolean): readonly Uint8Array[] {
    const roster = rosterOf(state);
    if (roster === undefined) return [];
    const keys = this.#keysOf(roster);
    const away = roster.filter((member, i) => {
      const key = keys[i] as string;
      return member.role !== 'none' && !this.#told.has(key) && !isPresent(key);
    });
    return away.map(({ actor }) => actor);
  }

  /** Their pokes are stored. */
  told(actors: readonly Uint8Array[]): void {
    for (const actor of actors) this.#told.add(toBase64Url(actor));
  }

  /** They have read: the next entry is news to them again. */
  arrived(key: string): void {
    this.#told.delete(key);
  }

  /** Spelling a key costs as much as looking it up ten times, and rosters change far less often than logs grow. */
  #keysOf(roster: Roster): readonly string[] {
    if (this.#members?.roster !== roster) {
      this.#members = { roster, keys: roster.map(({ actor }) => toBase64Url(actor)) };
    }
    return this.#members.keys;
  }
}
