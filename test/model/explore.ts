import fc from 'fast-check';
import { commandsOn } from './commands.ts';
import { Founding } from './founding.ts';
import { Interleaving, type Situation } from './interleaving.ts';
import type { ModelRelay } from './model-relay.ts';
import { makePlayer, type Player } from './person.ts';
import type { ReplayRequest } from './replay.ts';
import type { Reference } from './reference.ts';
import { Time } from './time.ts';
import { judge } from './verdict.ts';

export interface Exploration {
  readonly runs: number;
  readonly maxCommands: number;
  readonly relay: ModelRelay;
}

const situations: fc.Arbitrary<Situation> = fc.record({
  membership: fc.constantFrom('plain', 'mls'),
  isCarolIn: fc.boolean(),
  followers: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
});

/** How much happened in how many runs. */
export interface Tally {
  runs: number;
  commands: number;
  entries: number;
  /** How calls of clients ended, by their outcome. */
  readonly outcomes: Record<string, number>;
}

/**
 * Runs random interleavings against the reference. Rejects with the shortest one that differs, and how to see it again.
 */
export async function explore(
  { relay, maxCommands, runs }: Exploration,
  { seed, path, replay, runs: asked }: ReplayRequest,
): Promise<Tally> {
  const stage = new Stage(relay);
  const commands = commandsOn(relay, { maxCommands, ...(replay !== undefined && { replayPath: replay }) });
  const property = fc.asyncProperty(situations, commands, (situation, script) => stage.play(situation, script));
  const drawn = crypto.getRandomValues(new Int32Array(1))[0] as number;
  const options = { seed: Number(seed ?? drawn), numRuns: Number(asked ?? runs), ...(path !== undefined && { path }) };
  console.info(`MODEL_SEED=${options.seed} MODEL_RUNS=${options.numRuns}`);
  await fc.assert(property, options);
  return stage.tally;
}

type Script = Iterable<fc.AsyncCommand<Reference, Interleaving>>;

const NAMES = ['alice', 'bob', 'carol'];
const TRACE_LINES = 200;
/** So many runs begin with one founding, which takes as much as they do. */
const RUNS_OF_A_FOUNDING = 25;

/** The people who play every run, one after the other. */
class Stage {
  readonly #relay: ModelRelay;
  readonly #time: Time;
  readonly tally: Tally = { runs: 0, commands: 0, entries: 0, outcomes: {} };
  #players: readonly Player[] | undefined;
  /** By what they have in common of a situation. */
  readonly #foundings = new Map<string, Founding>();

  constructor(relay: ModelRelay) {
    this.#relay = relay;
    this.#time = new Time(relay);
  }

  async play(situation: Situation, script: Script): Promise<void> {
    this.#players ??= await Promise.all(NAMES.map((name) => makePlayer(name, this.#relay, this.#time)));
    const run = new Interleaving(this.#relay, this.#time, this.#players, situation);
    try {
      const founding = await this.#foundingFor(run);
      await (founding === undefined ? run.found() : run.goOnFrom(founding));
      await fc.asyncModelRun(() => ({ model: run.reference, real: run }), script);
      await run.settle();
      if (run.violations.length === 0) this.tally.entries += await judge(run);
      this.#checkIncidents(run);
      this.#count(run);
    } catch (error) {
      if (run.violations.length === 0)
        run.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      await run.end();
    }
    if (run.violations.length === 0) return;
    // Who knows what they carry along.
    this.#players = undefined;
    this.#foundings.clear();
    const difference = [...run.violations, '', ...run.trace.slice(-TRACE_LINES)].join('\n');
    // The search for a shorter one takes minutes, and may end with another. Errors are the relay's to report here.
    console.info(difference);
    throw new Error(difference);
  }

  /** Undefined where the relay can't go back to one. */
  async #foundingFor({ situation, people }: Interleaving): Promise<Founding | undefined> {
    if (this.#relay.remember === undefined) return undefined;
    const name = `${situation.membership} ${situation.isCarolIn}`;
    const known = this.#foundings.get(name);
    if (known !== undefined && known.uses < RUNS_OF_A_FOUNDING) return known;
    const players = people.map(({ player }) => player);
    const first = new Interleaving(this.#relay, this.#time, players, { ...situation, followers: [] });
    const founding = await Founding.of(await first.found());
    this.#foundings.set(name, founding);
    return founding;
  }

  /** A relay that was left alone has nothing to report. */
  #checkIncidents(run: Interleaving): void {
    const incidents = this.#relay.incidents?.() ?? [];
    for (const incident of run.wasKilled ? [] : incidents) run.violate(`the relay reports: ${incident}`);
  }

  #count({ commands, outcomes }: Interleaving): void {
    this.tally.runs += 1;
    this.tally.commands += commands;
    for (const outcome of outcomes) this.tally.outcomes[outcome] = (this.tally.outcomes[outcome] ?? 0) + 1;
  }
}
