import {
  activeDevices,
  equalBytes,
  EVENT_ID_BYTES,
  holdsRole,
  readableUntil,
  toBase64Url,
  type ChainState,
} from '../core/index.ts';
import type { Flush } from './flush.ts';
import type { NewEntry } from './ports.ts';

/** The size of the log at which an actor's reading ended: that of their removal, or 0. Undefined while it goes on (`AC4`). */
export function endOfReading(state: ChainState, actor: Uint8Array): number | undefined {
  const until = readableUntil(state, actor);
  if (until === undefined) return 0;
  return until === Number.MAX_SAFE_INTEGER ? undefined : until + 1;
}

/** What is another value whenever somebody comes or goes: a message leaves it as it is. */
function residencyOf(state: ChainState): object {
  return state.kind === 'group' ? state.value.roster : state.value;
}

/** Who reads a chain to its head and belongs to it: a group's members, an account's devices. */
function residentsOf(state: ChainState): readonly Uint8Array[] {
  switch (state.kind) {
    case 'group':
      return state.value.roster.filter(holdsRole).map(({ actor }) => actor);
    case 'identity':
      return activeDevices(state.value.devices).map(({ actor }) => actor);
    case 'registry':
      // Read by whoever uses what it says; nobody is in it.
      return [];
  }
}

/**
 * Whose reading ended from one state to the next (`AC4`). Beside residents, an account has the key that recovers it, and the
 * device that this is to bring.
 */
export function endedBetween(before: ChainState, after: ChainState): readonly Uint8Array[] {
  if (residencyOf(before) === residencyOf(after)) return [];
  return [...residentsOf(before), ...visitorsOf(before)].filter((actor) => endOfReading(after, actor) !== undefined);
}

function visitorsOf(state: ChainState): readonly Uint8Array[] {
  const recovery = state.kind === 'identity' ? state.value.recovery : undefined;
  return [recovery?.actor, recovery?.pending?.device].filter((actor) => actor !== undefined);
}

/**
 * Decides who is told of new entries through their mailbox: residents who are away and were not told since they last read.
 * One poke is enough until then, so a busy chain with absent members costs no more than a quiet one.
 */
export class Audience {
  readonly #told = new Set<string>();
  #spelt: { readonly residency: object; readonly residents: readonly Resident[] } | undefined;

  /** Residents to poke for a flush; who wrote all of it knows. */
  awayFrom({ head, entries }: Flush, isPresent: (key: string) => boolean): readonly Uint8Array[] {
    const author = soleAuthor(entries);
    const away = this.#residentsOf(head.state).filter(
      ({ key }) => key !== author && !this.#told.has(key) && !isPresent(key),
    );
    return away.map(({ actor }) => actor);
  }

  /** Of those who no longer read live, the residents to tell of what they may have missed. */
  departed(state: ChainState, keys: readonly string[], isPresent: (key: string) => boolean): readonly Uint8Array[] {
    if (keys.length === 0) return [];
    const gone = new Set(keys.filter((key) => !this.#told.has(key) && !isPresent(key)));
    const away = this.#residentsOf(state).filter(({ key }) => gone.has(key));
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
  #residentsOf(state: ChainState): readonly Resident[] {
    const residency = residencyOf(state);
    if (this.#spelt?.residency !== residency) {
      const residents = residentsOf(state).map((actor) => ({ actor, key: toBase64Url(actor) }));
      this.#spelt = { residency, residents };
    }
    return this.#spelt.residents;
  }
}

interface Resident {
  readonly actor: Uint8Array;
  /** base64url */
  readonly key: string;
}

function soleAuthor(entries: readonly NewEntry[]): string | undefined {
  const authors = entries.map(({ eventKey }) => eventKey.subarray(EVENT_ID_BYTES));
  const [first] = authors;
  return first !== undefined && authors.every((author) => equalBytes(author, first)) ? toBase64Url(first) : undefined;
}
