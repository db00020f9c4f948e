import { mapKey, type LoggedLeaf } from '../core/index.ts';
import { decideAppend, eventKeyOf, type Decision } from './append.ts';
import type { ChainHead, LoggedEvent, LogReader, NewEntry } from './ports.ts';
import type { Candidate } from './submission.ts';

/** What one transaction makes true. */
export interface Flush {
  readonly head: ChainHead;
  readonly entries: readonly NewEntry[];
  /** One a candidate, in order. */
  readonly decisions: readonly Decision[];
}

/** Decides everything that arrived in a turn, each on the head that those before it left (`AP12`). */
export function decideFlush(head: ChainHead, candidates: readonly Candidate[], log: LogReader, clock: number): Flush {
  const keys = candidates.map(({ signed }) => eventKeyOf(signed));
  const pending = new PendingLog(log, head.size, keys);
  const entries: NewEntry[] = [];
  let working = head;
  const decisions = candidates.map((candidate, i) => {
    const eventKey = keys[i] as Uint8Array;
    const context = {
      eventKey,
      logged: pending.findEvent(eventKey),
      clock,
      leafAt: (index: number) => pending.leafAt(index),
    };
    const decision = decideAppend(working, candidate, context);
    if (decision.kind === 'accepted') {
      pending.push(decision.entry, decision.head);
      entries.push(decision.entry);
      working = decision.head;
    }
    return decision;
  });
  return { head: working, entries, decisions };
}

/** The stored log, and what a flush has decided and not yet stored. */
class PendingLog {
  readonly #stored: LogReader;
  readonly #firstPending: number;
  readonly #leaves: LoggedLeaf[] = [];
  readonly #events = new Map<string, LoggedEvent>();

  /** Asks the store for all keys of the flush at once: one by one, that costs as much as writing the events. */
  constructor(stored: LogReader, size: number, eventKeys: readonly Uint8Array[]) {
    this.#stored = stored;
    this.#firstPending = size;
    for (const event of stored.findEvents(eventKeys)) this.#events.set(mapKey(event.eventKey), event);
  }

  push(entry: NewEntry, { leaf, relayTime }: ChainHead): void {
    this.#leaves.push({ hash: leaf, relayTime });
    this.#events.set(mapKey(entry.eventKey), entry);
  }

  leafAt(index: number): LoggedLeaf | undefined {
    return index < this.#firstPending ? this.#stored.leafAt(index) : this.#leaves[index - this.#firstPending];
  }

  findEvent(eventKey: Uint8Array): LoggedEvent | undefined {
    return this.#events.get(mapKey(eventKey));
  }
}
