import {
  equalBytes,
  EVENT_ID_BYTES,
  holdsRole,
  readableUntil,
  toBase64Url,
  type ChainState,
  type Roster,
} from '../core/index.ts';
import type { Flush } from './flush.ts';
import type { NewEntry } from './ports.ts';

/** The size of the log at which an actor's reading ended: that of their removal, or 0. Undefined while it goes on (`AC4`). */
export function endOfReading(state: ChainState, actor: Uint8Array): number | undefined {
  const until = readableUntil(state, actor);
  if (until === undefined) return 0;
  return until === Number.MAX_SAFE_INTEGER ? undefined : until + 1;
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

  /** Members to poke for a flush; who wrote all of it knows. */
  awayFrom({ head, entries }: Flush, isPresent: (key: string) => boolean): readonly Uint8Array[] {
    const roster = rosterOf(head.state);
    if (roster === undefined) return [];
    const author = soleAuthor(entries);
    const keys = this.#keysOf(roster);
    const away = roster.filter((member, i) => {
      const key = keys[i] as string;
      return holdsRole(member) && key !== author && !this.#told.has(key) && !isPresent(key);
    });
    return away.map(({ actor }) => actor);
  }

  /** Of those who no longer read, the members to tell of what they may have missed. */
  departed(state: ChainState, keys: readonly string[], isPresent: (key: string) => boolean): readonly Uint8Array[] {
    const roster = rosterOf(state);
    if (roster === undefined || keys.length === 0) return [];
    const gone = new Set(keys.filter((key) => !this.#told.has(key) && !isPresent(key)));
    const spelt = this.#keysOf(roster);
    const away = roster.filter((member, i) => holdsRole(member) && gone.has(spelt[i] as string));
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

function soleAuthor(entries: readonly NewEntry[]): string | undefined {
  const authors = entries.map(({ eventKey }) => eventKey.subarray(EVENT_ID_BYTES));
  const [first] = authors;
  return first !== undefined && authors.every((author) => equalBytes(author, first)) ? toBase64Url(first) : undefined;
}
