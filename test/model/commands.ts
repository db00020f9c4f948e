import fc from 'fast-check';
import * as acts from './acts.ts';
import type { Interleaving } from './interleaving.ts';
import { FAULTS } from './line.ts';
import type { ModelRelay } from './model-relay.ts';
import type { Person } from './person.ts';
import type { Reference } from './reference.ts';

/** What a run does before its next command: so many turns of the loop, or waiting until nothing is under way. */
type Pause = number | 'until idle';

const TURN_MS = 2;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Within what relay and clients bear with, and beyond it. */
const SKEWS_MS = [0, 0, 30 * SECOND, 4 * MINUTE, 6 * MINUTE, -30 * SECOND, -4 * MINUTE, -6 * MINUTE];
const PASSING_MS = [SECOND, MINUTE, 10 * MINUTE];

type Act = (run: Interleaving) => void | Promise<void>;
type Command = fc.AsyncCommand<Reference, Interleaving>;

/** Begins something, and lets so much time pass that others may come in between, or not. */
class Step implements Command {
  readonly #name: string;
  readonly #act: Act;
  readonly #pause: Pause;

  constructor(name: string, act: Act, pause: Pause) {
    this.#name = name;
    this.#act = act;
    this.#pause = pause;
  }

  check(): boolean {
    return true;
  }

  async run(_: Reference, run: Interleaving): Promise<void> {
    run.commands += 1;
    run.note(`> ${this.toString()}`);
    await this.#act(run);
    if (this.#pause === 'until idle') await run.idle();
    else for (let turn = 0; turn < this.#pause; turn++) await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    await run.look();
    if (run.violations.length > 0) throw new Error('a violation');
  }

  toString(): string {
    return `${this.#name} (then ${this.#pause})`;
  }
}

const pauses = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Pause>(0) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 1, arbitrary: fc.constant<Pause>('until idle') },
);
const NAMES = ['alice', 'bob', 'carol'];
const who = fc.nat(NAMES.length - 1);
const which = fc.nat(5);
/** Calls at the same time. */
const count = fc.constantFrom(1, 1, 2, 3);

function step<P>(parameters: fc.Arbitrary<P>, name: (parameters: P) => string, act: (parameters: P) => Act) {
  return fc.tuple(parameters, pauses).map(([values, pause]): Command => new Step(name(values), act(values), pause));
}

function by(name: string, act: (run: Interleaving, person: Person) => void | Promise<void>) {
  return step(
    who,
    (i) => `${NAMES[i] ?? ''} ${name}`,
    (i) => (run) => act(run, run.people[i] as Person),
  );
}

function byOneOf<P>(
  name: string,
  choice: fc.Arbitrary<P>,
  act: (run: Interleaving, person: Person, choice: P) => void,
) {
  return step(
    fc.tuple(who, choice),
    ([i, chosen]) => `${NAMES[i] ?? ''} ${name} ${String(chosen)}`,
    ([i, chosen]) =>
      (run) =>
        act(run, run.people[i] as Person, chosen),
  );
}

/** What is said, and what the sayers do about it. */
const sayings = [
  byOneOf('posts', count, acts.post),
  byOneOf('posts', count, acts.post),
  byOneOf('posts', count, acts.post),
  byOneOf('sends', count, acts.send),
  byOneOf('sends', count, acts.send),
  byOneOf('appends, strictly:', fc.boolean(), acts.append),
  by('writes', acts.write),
  byOneOf('repeats', which, acts.writeAgain),
  byOneOf('cancels', which, acts.cancel),
  byOneOf('retries', which, acts.retry),
  by('catches up', acts.catchUp),
  by('reads mail', (run, person) => run.readMail(person)),
];

/** Who is in. The owner stays. */
const changes = [
  byOneOf('invites', fc.constantFrom(1, 2), (run, person, i) => acts.invite(run, person, run.people[i] as Person)),
  byOneOf('removes', fc.constantFrom(1, 2), (run, person, i) => acts.remove(run, person, run.people[i] as Person)),
  by('leaves', acts.leave),
  by('rotates', acts.rotate),
];

/** What befalls a client and its way to the relay. */
const mishaps = [
  byOneOf('has the next', fc.constantFrom(...FAULTS), (_, person, fault) => person.next()?.line.befall(fault)),
  byOneOf('has the next', fc.constantFrom(...FAULTS), (_, person, fault) => person.next()?.line.befall(fault)),
  by('is cut off', (_, { processes }) => processes.forEach(({ line }) => line.cut())),
  byOneOf('is offline:', fc.boolean(), (_, { processes }, isDown) =>
    processes.forEach(({ line }) => line.fall(isDown)),
  ),
  by('is killed', (_, person) => person.killFirst()),
  by('starts', (run, person) => run.start(person)),
  by('starts', (run, person) => run.start(person)),
  by('starts a second process', (run, person) => run.startSecond(person)),
  by('has the second process killed', (_, person) => person.killSecond()),
];

/** What befalls the relay. Objects: the chain twice as often as a mailbox. */
function disasters({ evict, runJobs, setClock }: ModelRelay) {
  const object = fc.constantFrom(0, 0, 0, 1, 2, 3);
  const onObject = (name: string, act: (run: Interleaving, i: number) => Promise<void> | undefined) =>
    step(
      object,
      (i) => `${name} ${i === 0 ? 'the chain' : `${NAMES[i - 1] ?? ''}'s mailbox`}`,
      (i) => (run) => act(run, i),
    );
  const kill = onObject('kills', (run, i) => {
    run.wasKilled = true;
    return run.relay.kill(run.objects[i]!);
  });
  const eviction = onObject('evicts', (run, i) => run.relay.evict?.(run.objects[i]!));
  const jobs = onObject('runs the jobs of', (run, i) => run.relay.runJobs?.(run.objects[i]!));
  const skew = step(
    fc.constantFrom(...SKEWS_MS),
    (ms) => `the relay's clock is ${ms} ms off`,
    (ms) => (run) => run.time.skew(ms),
  );
  const pass = step(
    fc.constantFrom(...PASSING_MS),
    (ms) => `${ms} ms pass`,
    (ms) => (run) => run.time.pass(ms),
  );
  return [kill, ...(evict ? [eviction] : [kill, kill]), ...(runJobs ? [jobs] : []), ...(setClock ? [skew, pass] : [])];
}

/** Everything that may happen on this relay, as fast-check's commands. */
export function commandsOn(relay: ModelRelay, options: { readonly maxCommands: number; readonly replayPath?: string }) {
  return fc.commands([...sayings, ...changes, ...mishaps, ...disasters(relay)], { size: 'max', ...options });
}
