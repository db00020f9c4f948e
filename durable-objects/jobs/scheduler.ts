import { LATE, within } from './deadline.ts';
import { boundedDueTime, dueTime, FIRST_RETRY_MS, LONGEST_RETRY_MS } from './due-time.ts';
import { JobRows, type JobRow } from './job-rows.ts';
import { retryWait } from './retry-wait.ts';

/**
 * One bounded step of a kind of work. Returns when the next step is due in ms since the Unix epoch, `now` or earlier for
 * at once, undefined when nothing is left. It may run twice for one need, after a crash or a repeated alarm, so its
 * effects are idempotent; and it reads what to do from storage, never from memory.
 */
export type JobStep = (now: number) => number | undefined | Promise<number | undefined>;

/** Reported for the log; the scheduler has already put the kind off. */
export interface JobFailure {
  readonly kind: string;
  /** Failures in a row, this one included. */
  readonly attempt: number;
  readonly cause: unknown;
}

export interface JobSchedulerOptions {
  readonly onFailure?: (failure: JobFailure) => void;
  /** How long a step may take before it counts as failed. */
  readonly stepLimitMs?: number;
  /** How long an alarm waits for its steps before it makes way for the next alarm. */
  readonly alarmLimitMs?: number;
}

const STEP_LIMIT_MS = 30_000;
const ALARM_LIMIT_MS = 1_000;

/**
 * Everything an object does later, on the one alarm that it has. The rows of `jobs` are the truth: the alarm is only
 * armed from them, and again at every wake, so one that was lost, repeated or early changes nothing. Kinds run beside
 * each other and settle on their own: one that fails waits longer each time, one that hangs is left behind, and neither
 * delays another.
 */
export class JobScheduler<Kind extends string> {
  readonly #storage: DurableObjectStorage;
  readonly #rows: JobRows;
  readonly #steps: Readonly<Record<Kind, JobStep>>;
  readonly #clock: () => number;
  readonly #options: JobSchedulerOptions;
  readonly #underway = new Map<string, Underway>();

  /** Over migrated storage. `clock` gives ms since the Unix epoch. */
  constructor(
    storage: DurableObjectStorage,
    steps: Readonly<Record<Kind, JobStep>>,
    clock: () => number,
    options: JobSchedulerOptions = {},
  ) {
    this.#storage = storage;
    this.#rows = new JobRows(storage.sql);
    this.#steps = steps;
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * Has a kind run at `dueAt`. A time before that which it has already stands, and so does its wait after a failure: new
   * work of a kind that fails must not turn into a storm of retries. One that is further away than `LONGEST_WAIT_MS` comes
   * sooner, as a step that finds nothing to do. Synchronous, part of the caller's transaction.
   */
  schedule(kind: Kind, dueAt: number): void {
    const underway = this.#underway.get(kind);
    if (underway !== undefined) underway.askedFor = earlier(underway.askedFor, dueAt);
    else if (this.#rows.keepEarlier(kind, boundedDueTime(dueAt, this.#clock()))) this.#arm();
  }

  /** At every wake, before anything else is served: arms an alarm that was lost, or was armed while the clock ran ahead. */
  async recover(): Promise<void> {
    const armedFor = await this.#storage.getAlarm();
    const waitMs = this.#waitMs;
    if (armedFor === null || (waitMs !== undefined && armedFor > Date.now() + waitMs)) this.#arm();
  }

  /** The whole of `alarm()`: one step of each kind that is due. A step's error goes to `onFailure`, never to the caller. */
  async run(now: number = this.#clock()): Promise<void> {
    try {
      for (const row of this.#rows.all()) {
        if (dueTime(row, now) <= now && !this.#underway.has(row.kind)) this.#start(row, now);
      }
      const steps = [...this.#underway.values()].map(({ settled }) => settled);
      await within(this.#options.alarmLimitMs ?? ALARM_LIMIT_MS, Promise.all(steps));
    } finally {
      this.#arm();
    }
  }

  #start(row: JobRow, now: number): void {
    const underway: Underway = {
      until: this.#clock() + this.#stepLimitMs,
      askedFor: undefined,
      settled: Promise.resolve(),
    };
    this.#underway.set(row.kind, underway);
    underway.settled = this.#step(row.kind, now).then(
      (dueAt) => this.#settle(row.kind, earlier(underway.askedFor, dueAt)),
      (cause: unknown) => this.#putOff(row, cause),
    );
  }

  async #step(kind: string, now: number): Promise<number | undefined> {
    // A row of another release's kind fails like a step: it is kept for the release that knows it.
    if (!this.#knows(kind)) throw new Error(`There is no step for jobs of kind ${kind}.`);
    const next = this.#steps[kind](now);
    if (!(next instanceof Promise)) return next;
    const result = await within(this.#stepLimitMs, next);
    if (result === LATE) throw new Error(`A step of kind ${kind} took longer than ${this.#stepLimitMs} ms.`);
    return result;
  }

  #settle(kind: string, dueAt: number | undefined): void {
    this.#underway.delete(kind);
    if (dueAt === undefined) this.#rows.remove(kind);
    else this.#rows.replace({ kind, dueAt: boundedDueTime(dueAt, this.#clock()), attempt: 0 });
    this.#arm();
  }

  #putOff({ kind, attempt }: JobRow, cause: unknown): void {
    this.#underway.delete(kind);
    const wait = retryWait(attempt, { firstMs: FIRST_RETRY_MS, longestMs: LONGEST_RETRY_MS });
    this.#rows.replace({ kind, dueAt: this.#clock() + wait, attempt: attempt + 1 });
    this.#arm();
    this.#options.onFailure?.({ kind, attempt: attempt + 1, cause });
  }

  /**
   * Arms the alarm for the minimum of all rows. It lives on the platform's clock and the rows on the object's, so what
   * they share is the wait.
   */
  #arm(): void {
    const waitMs = this.#waitMs;
    // eslint-disable-next-line no-restricted-properties -- the one place that arms the alarm
    if (waitMs !== undefined) void this.#storage.setAlarm(Date.now() + waitMs);
  }

  /** Until the first row is due; undefined where there is none. */
  get #waitMs(): number | undefined {
    const now = this.#clock();
    const times = this.#rows.all().map((row) => this.#underway.get(row.kind)?.until ?? dueTime(row, now));
    return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - now);
  }

  get #stepLimitMs(): number {
    return this.#options.stepLimitMs ?? STEP_LIMIT_MS;
  }

  #knows(kind: string): kind is Kind {
    return Object.hasOwn(this.#steps, kind);
  }
}

/**
 * A step that has not settled. Its row stays due, so a crash loses nothing that is held here, and the alarm comes again
 * when its limit is over.
 */
interface Underway {
  readonly until: number;
  /** An earlier time that `schedule` was given meanwhile. */
  askedFor: number | undefined;
  settled: Promise<void>;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
