import { equalBytes, err, mapKey } from '../../core/index.ts';
import type { RelayRefusal } from '../answer.ts';
import type { Screened } from '../submission.ts';
import type { Limits } from './limit-table.ts';
import { Meter } from './meter.ts';
import { rateLimited } from './rate-limited.ts';
import { Strikes } from './strikes.ts';

/** Refusals that no client causes that is what it says and has read the log. */
const COUNTED_REFUSALS: ReadonlySet<string> = new Set([
  'bad-signature',
  'malformed',
  'malformed-signature',
  'wrong-chain',
  'not-permitted',
  'actor-removed',
]);

/**
 * What one chain takes of each actor and each sender. An actor is charged for what its key has signed and for nothing else,
 * or anybody could use up the limit of another by writing its name; what nobody has signed is its sender's (`LM6`).
 */
export class AppendLimits {
  readonly #appends: Meter;
  readonly #refused: Meter;
  readonly #commits: Strikes;

  constructor(limits: Limits) {
    this.#appends = new Meter(limits['actor-appends']);
    this.#refused = new Meter(limits['refused-events']);
    this.#commits = new Strikes(limits['invalid-commits']);
  }

  /** Before anything of a request is verified. `from` is an address, or the actor of a stream; nobody else can be told apart. */
  checkSender(from: string | undefined, now: number): RelayRefusal | undefined {
    const waitMs = from === undefined ? 0 : this.#refused.waitMs(from, now);
    return waitMs === 0 ? undefined : rateLimited('refused-events', waitMs);
  }

  /** Refuses the candidates that are over their actor's limit; those of one actor that follow each other are taken at once. */
  meter(screened: readonly Screened[], now: number): readonly Screened[] {
    let metered: Screened[] | undefined;
    for (let start = 0; start < screened.length;) {
      const actor = actorOf(screened[start]);
      const end = endOfRun(screened, start, actor);
      if (actor !== undefined) {
        const key = mapKey(actor);
        const granted = this.#appends.take(key, now, end - start);
        if (start + granted < end) {
          metered ??= [...screened];
          const refusal = rateLimited('actor-appends', this.#appends.waitMs(key, now));
          for (let i = start + granted; i < end; i++) metered[i] = err(refusal);
        }
      }
      start = end;
    }
    return metered ?? screened;
  }

  /** The same of an event that comes with more than a payload, before anything of that is looked at. */
  meterOne(screened: Screened, now: number): Screened {
    return this.meter([screened], now)[0] ?? screened;
  }

  /** Charges the sender for events that were refused. */
  countRefused(from: string | undefined, codes: Iterable<string>, now: number): void {
    if (from === undefined) return;
    let count = 0;
    for (const code of codes) if (COUNTED_REFUSALS.has(code)) count++;
    if (count > 0) this.#refused.charge(from, now, count);
  }

  /** Before a commit bundle is judged, which is what costs most; its event is signed and permitted. */
  checkCommitter(actor: Uint8Array, now: number): RelayRefusal | undefined {
    const waitMs = this.#commits.waitMs(mapKey(actor), now);
    return waitMs === 0 ? undefined : rateLimited('invalid-commits', waitMs);
  }

  countInvalidCommit(actor: Uint8Array, now: number): void {
    this.#commits.add(mapKey(actor), now);
  }
}

function actorOf(screened: Screened | undefined): Uint8Array | undefined {
  return screened?.ok === true ? screened.value.signed.event.actor : undefined;
}

function endOfRun(screened: readonly Screened[], start: number, actor: Uint8Array | undefined): number {
  let end = start + 1;
  if (actor === undefined) return end;
  while (end < screened.length) {
    const next = actorOf(screened[end]);
    if (next === undefined || !equalBytes(next, actor)) break;
    end++;
  }
  return end;
}
