import type { Group, Invitation, TimelineItem } from '../../sdk/index.ts';
import { StorageError, TeraChatError, UntrustedError, ForkError } from '../../sdk/index.ts';
import type { Founding } from './founding.ts';
import type { ModelRelay, RelayObject } from './model-relay.ts';
import { Person, type Player, type Process } from './person.ts';
import { send, type Letter } from './acts.ts';
import { Reference } from './reference.ts';
import type { Time } from './time.ts';

/** How long everything that was begun may take to end, on a slow machine. */
const HANG_MS = 60_000;
/** Rounds of help until everyone must have everything. */
const MAX_ROUNDS = 8;
/** The same where the relay's jobs run by themselves, and how long each of those rounds takes. */
const MAX_SLOW_ROUNDS = 120;
const SLOW_ROUND_MS = 250;
/** How long a round waits for outboxes and live readings. */
const MOVING_MS = 3_000;
const TURN_MS = 2;
/** Later than the relay waits before it pokes. */
const SHORTLY_MS = 1_000;
/** Later than any pause of the relay between two attempts within a run. */
const ROUND_MS = 90_000;

export interface Situation {
  readonly membership: 'plain' | 'mls';
  /** Whether Carol is in the group from the beginning. */
  readonly isCarolIn: boolean;
  /** Who reads live. */
  readonly followers: readonly boolean[];
}

/** How a call ended that was not cut off by the end of its process. */
export type Outcome<T> =
  { readonly kind: 'done'; readonly value: T } | { readonly kind: 'failed'; readonly error: TeraChatError };

/** One run: three people with processes of their own, one relay, one group, and what is under way at the same time. */
export class Interleaving {
  readonly relay: ModelRelay;
  readonly time: Time;
  readonly people: readonly Person[];
  readonly reference = new Reference();
  readonly situation: Situation;
  readonly letters: Letter[] = [];
  commands = 0;
  readonly outcomes: string[] = [];
  /** Whether anything of the relay was killed: it may say that something failed then. */
  wasKilled = false;
  /** What is wrong beyond doubt. */
  readonly violations: string[] = [];
  /** What happened, in its order, for whoever looks for the reason. */
  readonly trace: string[] = [];
  readonly #underWay = new Map<Promise<void>, string>();
  #group = '';

  constructor(relay: ModelRelay, time: Time, players: readonly Player[], situation: Situation) {
    this.relay = relay;
    this.time = time;
    this.situation = situation;
    this.people = players.map((player, i) => new Person(player, situation.followers[i] ?? false));
  }

  get group(): string {
    return this.#group;
  }

  get owner(): Person {
    return this.people[0] as Person;
  }

  get objects(): readonly RelayObject[] {
    const devices = this.people.map(({ actor }) => ({ kind: 'device' as const, name: actor }));
    return [{ kind: 'chain', name: this.#group }, ...devices];
  }

  /** Founds the group while nothing goes wrong. */
  async found(): Promise<this> {
    const { membership, isCarolIn } = this.situation;
    const process = this.#beginProcess(this.owner);
    const group = await (await process.connect()).createGroup({ membership });
    this.#group = group.id;
    this.#open(this.owner, process, group);
    const [bob, carol] = this.people.slice(1) as [Person, Person];
    await Promise.all([bob, carol].map((person) => this.#beginProcess(person).connect()));
    await group.invite(bob.actor, 'admin');
    if (isCarolIn) await group.invite(carol.actor, 'member');
    await Promise.all((isCarolIn ? [bob, carol] : [bob]).map((person) => this.#letIn(person)));
    return this;
  }

  /** Everyone starts where a group was founded, while nothing goes wrong. */
  async goOnFrom(founding: Founding): Promise<this> {
    this.#group = founding.group;
    await founding.restore();
    await Promise.all(
      this.people.map((person, i) => {
        for (const item of founding.mail[i] ?? []) person.mail.add(item);
        return this.#connect(person, this.#beginProcess(person));
      }),
    );
    return this;
  }

  /** Begins what a person's process does, while everything else goes on. `end` is not called if it is killed first. */
  begin<T>(
    person: Person,
    name: string,
    act: (process: Process) => Promise<T> | undefined,
    end: (outcome: Outcome<T>) => void = () => undefined,
    process = person.next(),
  ): void {
    const acting = process && act(process);
    if (acting === undefined) return;
    const label = `${person.name}${process === person.second ? ' (2)' : ''}: ${name}`;
    this.note(`${label} …`);
    const ended = acting.then(
      (value): Outcome<T> => ({ kind: 'done', value }),
      (error: unknown): Outcome<T> => ({ kind: 'failed', error: this.#judge(label, error) }),
    );
    const settled = process!.life
      .untilKilled(() => ended)
      .then(
        (outcome) => {
          const word = outcome.kind === 'done' ? 'done' : outcome.error.code;
          this.outcomes.push(word);
          this.note(`${label}: ${word}`);
          end(outcome);
        },
        () => void this.outcomes.push('killed'),
      );
    const watched = settled.finally(() => this.#underWay.delete(watched));
    this.#underWay.set(watched, label);
  }

  note(what: string): void {
    this.trace.push(what);
  }

  violate(what: string): void {
    this.violations.push(what);
    this.note(`!! ${what}`);
  }

  start(person: Person): void {
    if (person.process !== undefined) return;
    this.#launch(person, this.#beginProcess(person), () => person.killFirst());
  }

  startSecond(person: Person): void {
    if (person.second !== undefined) return;
    person.second = this.#newProcess(person);
    this.#launch(person, person.second, () => person.killSecond());
  }

  /** Fetches the mailbox and accepts what invites to the group. */
  readMail(person: Person): void {
    this.begin(person, 'reads mail', (process) => this.#readMail(person, process));
  }

  /** Takes down what everyone knows by now. */
  async look(): Promise<void> {
    for (const { name, processes } of this.people) {
      for (const { group } of processes) {
        const view = await group?.view().catch(() => undefined);
        if (view !== undefined) this.reference.sights.push({ by: name, size: view.size, head: view.head });
      }
    }
  }

  /** Waits until nothing is under way. */
  async idle(): Promise<void> {
    let stop = (): void => undefined;
    const late = new Promise<'late'>((resolve) => {
      const timer = setTimeout(() => resolve('late'), HANG_MS);
      stop = () => clearTimeout(timer);
    });
    const all = (async () => {
      while (this.#underWay.size > 0) await Promise.all(this.#underWay.keys());
    })();
    if ((await Promise.race([all, late])) === 'late') {
      this.violate(`hangs: ${[...this.#underWay.values()].join(', ')}`);
      this.#underWay.clear();
    }
    stop();
  }

  /** Everything works again, and goes on until everyone has everything, what they say at last included. */
  async settle(): Promise<void> {
    this.note('— from here on everything works');
    this.time.agree();
    await this.relay.untilUp?.();
    for (const { processes } of this.people) for (const { line } of processes) line.heal();
    await this.idle();
    await this.#settle((person, process) => this.#goOn(person, process));
    for (const person of this.people) if ((await statusOf(person)) === 'member') send(this, person, 1);
    await this.#settle((person, { group }) => this.#readOn(person, group));
  }

  /** Round after round, until nothing is left to be done. */
  async #settle(act: (person: Person, process: Process) => Promise<void> | undefined): Promise<void> {
    for (let round = 1; this.violations.length === 0; round++) {
      await this.#runJobs(ROUND_MS);
      for (const person of this.people) this.start(person);
      await this.idle();
      for (const person of this.people) {
        this.begin(person, 'goes on', (process) => act(person, process), undefined, person.process);
      }
      await this.idle();
      const unrest = await this.#unrestAtLast();
      if (unrest === undefined) return;
      this.note(`— ${unrest}`);
      if (round === this.#maxRounds) this.violate(`does not come to rest: ${unrest}`);
    }
  }

  /** Whoever has read what was said at last has read on already. */
  async #readOn(person: Person, group: Group | undefined): Promise<void> {
    const said = this.reference.sayings.map(({ fate }) => (fate.kind === 'delivered' ? fate.index + 1 : 0));
    const known = (await this.owner.group?.view())?.size ?? 0;
    const size = Math.max(known, ...said);
    if (person === this.owner || (await group?.view())?.size !== size) await group?.catchUp();
  }

  /** Leaves nothing behind but the people, and time as it is. */
  async end(): Promise<void> {
    for (const person of this.people) await person.forget();
    this.time.agree();
    await this.relay.evict?.({ kind: 'chain', name: this.#group });
  }

  #beginProcess(person: Person): Process {
    return (person.process = this.#newProcess(person));
  }

  #newProcess(person: Person): Process {
    return person.begin(this.relay, this.time, (chain) => chain === this.#group);
  }

  /** Where nobody answers, it ends. */
  #launch(person: Person, process: Process, end: () => void): void {
    const connect = (): Promise<void> => this.#connect(person, process);
    this.begin(person, 'starts', connect, ({ kind }) => kind === 'failed' && end(), process);
  }

  async #connect(person: Person, process: Process): Promise<void> {
    const session = await process.connect();
    const groups = await session.groups();
    if (groups.some(({ id }) => id === this.#group)) this.#open(person, process, await session.group(this.#group));
  }

  #open(person: Person, process: Process, group: Group): void {
    process.group = group;
    const follows = person.isFollower && process === person.process && !process.isFollowing;
    if (follows) void this.#follow(person, process, group);
  }

  get #maxRounds(): number {
    return this.relay.runJobs === undefined ? MAX_SLOW_ROUNDS : MAX_ROUNDS;
  }

  /** What the chain was to do within that time. */
  async #runJobs(withinMs: number): Promise<void> {
    this.time.pass(withinMs);
    if (this.relay.runJobs === undefined) await sleep(SLOW_ROUND_MS);
    else await this.relay.runJobs({ kind: 'chain', name: this.#group });
  }

  async #letIn(person: Person): Promise<void> {
    for (let attempt = 0; person.group === undefined; attempt++) {
      if (attempt === this.#maxRounds) throw new Error(`no invitation reached ${person.name}`);
      await this.#runJobs(SHORTLY_MS);
      await this.#readMail(person, person.process as Process);
    }
  }

  async #readMail(person: Person, process: Process): Promise<void> {
    const inbox = await process.session?.inbox();
    const isOurs = ({ group }: Invitation): boolean => group === this.#group;
    const invitation = inbox?.invitations.find(isOurs);
    if (invitation !== undefined) this.#open(person, process, await invitation.accept());
  }

  /** A live reading from where the last one ended. It ends with its process, or where the reader was removed. */
  async #follow(person: Person, process: Process, group: Group): Promise<void> {
    process.isFollowing = true;
    const from = (person.followed.at(-1)?.index ?? -1) + 1;
    try {
      for await (const item of group.timeline({ live: true, from })) {
        if (process.life.isOver) return;
        this.#take(person, item);
      }
    } catch (error) {
      this.note(`${person.name}: live reading ended with ${this.#judge(`${person.name}: follows`, error).code}`);
    }
    process.isFollowing = false;
  }

  #take(person: Person, item: TimelineItem): void {
    const last = person.followed.at(-1)?.index ?? -1;
    if (item.index <= last) this.violate(`${person.name} is given entry ${item.index} live after entry ${last}`);
    person.followed.push(item);
  }

  /** What a client may answer to its caller; everything else is a fault, and so is doubt in a relay that is honest. */
  #judge(label: string, error: unknown): TeraChatError {
    const isDoubt = error instanceof UntrustedError || error instanceof ForkError || error instanceof StorageError;
    if (error instanceof TeraChatError && !isDoubt) return error;
    this.violate(`${label}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return error as TeraChatError;
  }

  async #goOn(person: Person, process: Process): Promise<void> {
    await this.#readMail(person, process);
    const { group } = process;
    if (group === undefined) return;
    await group.catchUp();
    // Also who was removed: let in again and removed once more meanwhile, they were given nothing of that yet.
    this.#open(person, process, group);
    if ((await statusOf(person)) !== 'member') return;
    for (const { eventId, text, state } of await group.pending()) {
      if (state.kind !== 'failed') continue;
      const saying = this.reference.find(text);
      if (saying !== undefined) saying.wasRetried = true;
      this.note(`${person.name}: "${text ?? ''}" had failed: ${state.code}`);
      await group.retry(eventId);
    }
  }

  /** What is amiss still when what moves by itself was given time: what is on its way when hours pass is out of date. */
  async #unrestAtLast(): Promise<string | undefined> {
    const end = performance.now() + MOVING_MS;
    for (;;) {
      const unrest = await this.#unrest();
      if (unrest === undefined || !unrest.isMoving || performance.now() > end) return unrest?.what;
      await sleep(TURN_MS);
    }
  }

  /** What is not as it must become: a member that has not read everything, or something that waits and could be sent. */
  async #unrest(): Promise<{ readonly what: string; readonly isMoving: boolean } | undefined> {
    const size = (await this.owner.group?.view())?.size ?? 0;
    const roster = (await this.owner.group?.members()) ?? [];
    for (const person of this.people) {
      const { group, isFollower, followed, name } = person;
      const isMember = (await statusOf(person)) === 'member';
      const isIn = roster.some(({ actor }) => actor === person.actor);
      if (isIn && !isMember) return { what: `${name} is in and has not joined`, isMoving: false };
      if (group === undefined) continue;
      const stuck = (await group.pending()).find(({ state }) => state.kind !== 'failed' || isMember);
      if (stuck !== undefined) {
        const { text = '', state } = stuck;
        return { what: `${name}'s "${text}" is ${JSON.stringify(state)}`, isMoving: state.kind !== 'failed' };
      }
      const known = (await group.view()).size;
      if (isMember && known !== size) return { what: `${name} knows ${known} of ${size} entries`, isMoving: false };
      const [last, live] = [await lastIndex(group), followed.at(-1)?.index];
      if (isFollower && last !== live) {
        return { what: `${name} has entry ${last ?? ''}, was given ${live ?? 'none'} live`, isMoving: true };
      }
    }
    return undefined;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function lastIndex(group: Group): Promise<number | undefined> {
  let last: number | undefined;
  for await (const { index } of group.timeline({ last: 1 })) last = index;
  return last;
}

async function statusOf({ group }: Person): Promise<string> {
  return group === undefined ? 'stranger' : (await group.view()).status.kind;
}
