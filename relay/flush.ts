import {
  mapKey,
  MAX_BATCH_EVENTS,
  type ChainState,
  type LoggedLeaf,
  type PolicyVerdict,
  type TimedEvent,
} from '../core/index.ts';
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

/** What the chain's policy is to be asked before a flush can go on: about events that come one after the other on this state. */
export interface PolicyQuestion {
  readonly state: ChainState;
  readonly events: readonly TimedEvent[];
}

/** Decides everything that arrived in a turn, where no policy can be asked: what needs a verdict is `policy-undecided`. */
export function decideFlush(head: ChainHead, candidates: readonly Candidate[], log: LogReader, clock: number): Flush {
  const draft = new FlushDraft(head, candidates, { log, clock });
  draft.leaveUndecided();
  return draft.finish();
}

/**
 * Decides everything that arrived in a turn, each on the head that those before it left (`AP12`). Stops where the chain's policy
 * has to be asked, and goes on with its verdicts; all at one clock, on a head and a log that nothing else changes meanwhile.
 */
export class FlushDraft {
  readonly #candidates: readonly Candidate[];
  readonly #keys: readonly Uint8Array[];
  readonly #clock: number;
  readonly #pending: PendingLog;
  readonly #entries: NewEntry[] = [];
  readonly #decisions: Decision[] = [];
  #head: ChainHead;
  /** On the candidates that come next. */
  #verdicts: readonly PolicyVerdict[] = [];
  #mayAsk = true;

  constructor(
    head: ChainHead,
    candidates: readonly Candidate[],
    { log, clock }: { readonly log: LogReader; readonly clock: number },
  ) {
    this.#head = head;
    this.#candidates = candidates;
    this.#clock = clock;
    this.#keys = candidates.map(({ signed }) => eventKeyOf(signed));
    this.#pending = new PendingLog(log, head.size, this.#keys);
    this.#advance();
  }

  get isDecided(): boolean {
    return this.#next === this.#candidates.length;
  }

  /** What goes before anything else can be decided; undefined where everything is. */
  get question(): PolicyQuestion | undefined {
    return this.isDecided ? undefined : { state: this.#head.state, events: this.#run() };
  }

  /** Goes on with what the policy said: verdicts on the first events of the question, at least one. */
  answer(verdicts: readonly PolicyVerdict[]): void {
    const next = this.#next;
    this.#verdicts = verdicts;
    this.#advance();
    // The same question again would be asked for ever.
    if (this.#next === next) throw new Error('a verdict is on what was asked');
  }

  /** The policy can't be asked: what needs a verdict is refused, and may be sent again (`policy-undecided`). */
  leaveUndecided(): void {
    this.#mayAsk = false;
    this.#advance();
  }

  finish(): Flush {
    if (!this.isDecided) throw new Error('a policy was not asked');
    return { head: this.#head, entries: this.#entries, decisions: this.#decisions };
  }

  get #next(): number {
    return this.#decisions.length;
  }

  /** Decides up to the first candidate that needs a verdict. One on another call is none, and is thrown away (`PB6`). */
  #advance(): void {
    const first = this.#next;
    while (!this.isDecided) {
      const decision = this.#decide(this.#next, this.#verdicts[this.#next - first]);
      if (this.#mayAsk && isUndecided(decision)) break;
      this.#take(decision, this.#keys[this.#next] as Uint8Array);
    }
    this.#verdicts = [];
  }

  #take(decision: Decision, eventKey: Uint8Array): void {
    this.#decisions.push(decision);
    if (decision.kind !== 'accepted') return;
    this.#pending.push(eventKey, decision);
    this.#entries.push(decision.entry);
    this.#head = decision.head;
  }

  #decide(index: number, verdict: PolicyVerdict | undefined): Decision {
    const eventKey = this.#keys[index] as Uint8Array;
    return decideAppend(this.#head, this.#candidates[index] as Candidate, {
      eventKey,
      logged: this.#pending.findEvent(eventKey),
      clock: this.#clock,
      verdict,
      leafAt: (leaf: number) => this.#pending.leafAt(leaf),
    });
  }

  /**
   * The events from here on that lack a verdict and nothing else. One that is there twice ends the run: whether the second is a
   * repetition, the first one's verdict decides.
   */
  #run(): readonly TimedEvent[] {
    const relayTime = Math.max(this.#clock, this.#head.relayTime);
    const keys = new Set<string>();
    const events: TimedEvent[] = [];
    const end = Math.min(this.#next + MAX_BATCH_EVENTS, this.#candidates.length);
    for (let i = this.#next; i < end; i++) {
      const key = mapKey(this.#keys[i] as Uint8Array);
      if (keys.has(key) || !isUndecided(this.#decide(i, undefined))) break;
      keys.add(key);
      events.push({ event: (this.#candidates[i] as Candidate).signed.event, relayTime });
    }
    return events;
  }
}

function isUndecided(decision: Decision): boolean {
  return decision.kind === 'refused' && decision.refusal.code === 'policy-undecided';
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

  push(eventKey: Uint8Array, { entry, head }: { readonly entry: NewEntry; readonly head: ChainHead }): void {
    this.#leaves.push({ hash: head.leaf, relayTime: head.relayTime });
    this.#events.set(mapKey(eventKey), entry);
  }

  leafAt(index: number): LoggedLeaf | undefined {
    return index < this.#firstPending ? this.#stored.leafAt(index) : this.#leaves[index - this.#firstPending];
  }

  findEvent(eventKey: Uint8Array): LoggedEvent | undefined {
    return this.#events.get(mapKey(eventKey));
  }
}
