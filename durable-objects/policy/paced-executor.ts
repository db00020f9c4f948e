import { toHex, type PolicyBatch, type PolicyExecutor, type PolicyOutcome } from '../../core/index.ts';

/** From one turn of a hungry policy to the next of any: a tenth of the thread is theirs, all of them together. */
const TURN_MS = 50;
/** Whoever would have to wait longer is not asked for now. */
const MAX_WAIT_MS = 2_000;
/** How long a policy is held for hungry after it has used up its fuel. */
const HUNGRY_MS = 60_000;
/** Hungry policies that are remembered; the one that was first makes way. */
const MAX_HUNGRY = 256;

/** What the objects of one isolate know of policies together. Values, no promise: what one object waits for, another must not. */
export class PolicyPace {
  readonly #hungryUntil = new Map<string, number>();
  #nextTurn = 0;

  isHungry(module: Uint8Array, now: number): boolean {
    return (this.#hungryUntil.get(toHex(module)) ?? 0) > now;
  }

  /** It used up the fuel of a call. */
  noteHungry(module: Uint8Array, now: number): void {
    const key = toHex(module);
    this.#hungryUntil.delete(key);
    this.#hungryUntil.set(key, now + HUNGRY_MS);
    if (this.#hungryUntil.size <= MAX_HUNGRY) return;
    for (const oldest of this.#hungryUntil.keys()) {
      this.#hungryUntil.delete(oldest);
      return;
    }
  }

  /** Ms until a hungry policy may be asked; undefined where so many wait that it is not. */
  takeTurn(now: number): number | undefined {
    const waitMs = Math.max(0, this.#nextTurn - now);
    if (waitMs > MAX_WAIT_MS) return undefined;
    this.#nextTurn = now + waitMs + TURN_MS;
    return waitMs;
  }
}

interface Pacing {
  readonly pace: PolicyPace;
  readonly clock: () => number;
  readonly delay: (ms: number) => Promise<void>;
}

/**
 * Holds back the policies that have used up their fuel of late (`PX9`): they are asked about one record at a time, and all of them
 * together no more often than `TURN_MS` allows, since an endless loop takes a thread that serves other chains. Others are asked at
 * once.
 */
export class PacedExecutor implements PolicyExecutor {
  readonly #executor: PolicyExecutor;
  readonly #pacing: Pacing;

  constructor(executor: PolicyExecutor, pacing: Pacing) {
    this.#executor = executor;
    this.#pacing = pacing;
  }

  async decide(module: Uint8Array, batch: PolicyBatch): Promise<readonly PolicyOutcome[]> {
    if (!this.#isHungry(module)) return this.#note(module, await this.#executor.decide(module, batch));
    let { state } = batch;
    const outcomes: PolicyOutcome[] = [];
    for (const event of batch.events) {
      await this.#turn();
      const [outcome] = this.#note(module, await this.#executor.decide(module, { ...batch, state, events: [event] }));
      if (outcome === undefined) throw new Error('an executor gives one outcome a record');
      if (outcome.kind === 'accepted' && batch.isReadOnly !== true) state = outcome.state;
      outcomes.push(outcome);
    }
    return outcomes;
  }

  async migrate(module: Uint8Array, call: Pick<PolicyBatch, 'state' | 'fuel'>): Promise<PolicyOutcome> {
    if (this.#isHungry(module)) await this.#turn();
    const outcome = await this.#executor.migrate(module, call);
    this.#note(module, [outcome]);
    return outcome;
  }

  #isHungry(module: Uint8Array): boolean {
    return this.#pacing.pace.isHungry(module, this.#pacing.clock());
  }

  #note(module: Uint8Array, outcomes: readonly PolicyOutcome[]): readonly PolicyOutcome[] {
    const isHungry = outcomes.some((outcome) => outcome.kind === 'stopped' && outcome.cause === 'fuel');
    if (isHungry) this.#pacing.pace.noteHungry(module, this.#pacing.clock());
    return outcomes;
  }

  async #turn(): Promise<void> {
    const waitMs = this.#pacing.pace.takeTurn(this.#pacing.clock());
    if (waitMs === undefined) throw new Error('too many policies that use up their fuel wait for their turn');
    if (waitMs > 0) await this.#pacing.delay(waitMs);
  }
}
