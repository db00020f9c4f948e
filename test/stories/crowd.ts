import {
  memoryStorage,
  NetworkError,
  TeraChatError,
  type Fetch,
  type Group,
  type LostRaceChoice,
} from '../../sdk/index.ts';
import type { Session, Storage, StorageWrite } from '../../sdk/index.ts';
import { chainKeys } from '../../sdk/chain/chain-keys.ts';
import { fromBase64Url } from '../../core/index.ts';
import { secretOf } from './exporter.ts';
import { garblePathSecrets } from './garbled-paths.ts';
import { invitationTo, type Stage } from './stage.ts';

/** What a run did, by name. */
export type Tally = Map<string, number>;

/** What must not happen to a group, nor to who uses it. */
export interface Outcome {
  readonly epochs: ReadonlySet<number>;
  readonly secrets: ReadonlySet<string>;
  readonly rosters: ReadonlySet<string>;
  readonly statuses: ReadonlySet<string>;
  /** Epochs in the order in which the log begins them. */
  readonly begun: readonly number[];
  /** Commits that their callers were told of, and that the log has not where they were said to be. */
  readonly untrue: readonly string[];
  /** Messages at the end that somebody could not read. */
  readonly unheard: readonly string[];
  readonly tally: Tally;
}

interface Plan {
  readonly size: number;
  /** Epochs to reach. */
  readonly epochs: number;
  readonly seed: number;
}

const CHOICES: readonly LostRaceChoice[] = ['keep-and-retry', 'discard-and-retry', 'give-up'];
/** What a call may be refused for while others act and lines break. */
const EXPECTED: ReadonlySet<string> = new Set([
  'commit-lost',
  'commit-contended',
  'append-contended',
  'commit-refused',
  'no-such-member',
  'already-member',
  'epoch-unreadable',
  'removed',
  'actor-removed',
  'not-invited',
]);

/** The way between one client and its relay, which a walk cuts as it likes. */
class Line {
  isDown = false;
  /** Commits that will arrive, and whose answers won't. */
  answersToLose = 0;
  onCommit = (): void => undefined;

  readonly fetch: Fetch = async (url, init) => {
    if (this.isDown) throw new TypeError('the line is down');
    const isCommit = url.endsWith('/commits');
    if (isCommit) this.onCommit();
    const answer = await fetch(url, init);
    if (!isCommit || this.answersToLose === 0) return answer;
    this.answersToLose--;
    throw new TypeError('the answer is lost');
  };
}

interface Client {
  readonly name: string;
  readonly line: Line;
  readonly storage: Storage;
  readonly session: Session;
  group: Group | undefined;
  /** Its keys when it went away. */
  copy?: Uint8Array | undefined;
}

/** Pauses are for people and networks: here they only have to keep their order. */
const HASTE = 25;
const hasty = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms / HASTE));

/** A group of many clients that do whatever the dice say, until its log has so many epochs. */
export async function walk(stage: Stage, plan: Plan): Promise<Outcome> {
  const crowd = new Crowd(stage, plan);
  await crowd.gather();
  while ((await crowd.epoch()) < plan.epochs) await crowd.step();
  return crowd.settle();
}

class Crowd {
  readonly #stage: Stage;
  readonly #plan: Plan;
  readonly #tally: Tally = new Map();
  readonly #claimed: { readonly index: number; readonly actor: string }[] = [];
  #dice: number;
  #clients: Client[] = [];
  #returns = 0;

  constructor(stage: Stage, plan: Plan) {
    this.#stage = stage;
    this.#plan = plan;
    this.#dice = plan.seed >>> 0;
  }

  async gather(): Promise<void> {
    this.#clients = await Promise.all(
      Array.from({ length: this.#plan.size }, async (_, index) => {
        const [line, storage] = [new Line(), memoryStorage()];
        const session = await this.#stage.connect(storage, undefined, { fetch: line.fetch, delay: hasty });
        const { actor } = await session.createIdentity();
        return { name: `${index}:${actor.slice(0, 6)}`, line, storage, session, group: undefined };
      }),
    );
    const [founder, ...others] = this.#clients as [Client, ...Client[]];
    founder.group = await founder.session.createGroup();
    await founder.group.invite(others.map(actorOf), 'admin');
    await Promise.all(others.map((other) => this.#accept(other)));
  }

  async epoch(): Promise<number> {
    const { group } = this.#founder;
    await group.catchUp();
    return (await group.view()).epoch;
  }

  /** One thing at random; the founder's line never breaks, so that somebody can look. */
  async step(): Promise<void> {
    const acts: readonly (readonly [weight: number, name: string, act: () => Promise<void>])[] = [
      [6, 'race', () => this.#race(2 + this.#roll(2))],
      [8, 'rotation', () => this.#race(1)],
      [3, 'lost answer', () => this.#loseAnswer()],
      [4, 'line', () => this.#turnLine()],
      [1, 'reading', () => this.#readAll()],
      [2, 'message', () => this.#speak()],
      [1, 'departure', () => this.#replaceMember()],
      [this.#plan.size > 8 ? 0.25 : 1, 'garbage', () => this.#garble()],
    ];
    const total = acts.reduce((sum, [weight]) => sum + weight, 0);
    let left = (this.#roll(10_000) / 10_000) * total;
    const [, name, act] = acts.find(([weight]) => (left -= weight) < 0) ?? acts[0]!;
    this.#count(name);
    await act();
  }

  async settle(): Promise<Outcome> {
    for (const { line } of this.#clients) {
      line.isDown = false;
      line.answersToLose = 0;
    }
    for (const client of this.#clients) if (client.group === undefined) await this.#accept(client);
    const members = this.#clients as (Client & { readonly group: Group })[];
    // What was left unsent is sent, and who reads of a commit that it can't follow makes one that the others have to read.
    for (const { session } of members) await session.inbox();
    for (let round = 0; round < 3; round++) for (const { group } of members) await group.catchUp();
    const unheard = await this.#everyoneSpeaks(members);
    const views = await Promise.all(members.map(({ group }) => group.view()));
    const rosters = await Promise.all(
      members.map(async ({ group }) =>
        JSON.stringify((await group.members()).map(({ actor, role, since }) => [actor, role, since])),
      ),
    );
    const secrets = await Promise.all(members.map(({ storage, group }) => secretOf(storage, group.id)));
    return {
      epochs: new Set(views.map(({ epoch }) => epoch)),
      secrets: new Set(secrets),
      rosters: new Set(rosters),
      statuses: new Set(views.map(({ status }) => status.kind)),
      ...(await this.#readLog()),
      unheard,
      tally: this.#tally,
    };
  }

  async #everyoneSpeaks(members: readonly (Client & { readonly group: Group })[]): Promise<string[]> {
    const words = members.map(({ name }) => `${name} is here`);
    for (const [index, { group }] of members.entries()) await group.send(words[index] as string);
    const unheard: string[] = [];
    for (const { group, name } of members) {
      await group.catchUp();
      const heard = new Set<string | undefined>();
      for await (const message of group.messages({ last: members.length })) {
        heard.add(message.kind === 'message' ? message.text : undefined);
      }
      unheard.push(...words.filter((word) => !heard.has(word)).map((word) => `${name} did not hear that ${word}`));
    }
    return unheard;
  }

  /** As the founder has verified it. */
  async #readLog(): Promise<Pick<Outcome, 'begun' | 'untrue'>> {
    const begun: number[] = [];
    const authors = new Map<number, string>();
    for await (const item of this.#founder.group.timeline()) {
      if (item.kind !== 'members-changed' && item.kind !== 'resynced') continue;
      begun.push(item.epoch);
      authors.set(item.index, item.actor);
      if (item.kind === 'resynced') this.#count('resync');
    }
    const untrue = this.#claimed.filter(({ index, actor }) => authors.get(index) !== actor);
    for (const _report of await this.#founder.group.reports()) this.#count('report');
    return { begun, untrue: untrue.map(({ index, actor }) => `${actor} at ${index}`) };
  }

  async #race(count: number): Promise<void> {
    const racers = this.#pick(count, ({ group }) => group !== undefined);
    const onLostRace = CHOICES[this.#roll(CHOICES.length)] as LostRaceChoice;
    await Promise.all(racers.map((client) => this.#try(client, (group) => group.rotate({ onLostRace }))));
  }

  async #loseAnswer(): Promise<void> {
    const [client] = this.#pick(1, ({ line }) => !line.isDown);
    if (client === undefined || client === this.#founder) return;
    client.line.answersToLose = 1 + this.#roll(5);
    await this.#try(client, (group) => group.rotate());
    client.line.answersToLose = 0;
  }

  /** Somebody goes away, or comes back: every second time from a copy of the storage that was made before. */
  async #turnLine(): Promise<void> {
    const [client] = this.#pick(1);
    if (client === undefined || client === this.#founder) return;
    const { line, storage } = client;
    line.isDown = !line.isDown;
    const key = chainKeys(fromBase64Url(this.#founder.group.id) as Uint8Array).mls;
    if (line.isDown) client.copy = client.group && (await storage.read(key));
    else if (client.copy !== undefined && this.#roll(2) === 0) await this.#setBack(client, { key, value: client.copy });
  }

  /** Keys of an epoch that is over: the log has gone on without them. */
  async #setBack({ storage }: Client, write: StorageWrite): Promise<void> {
    await storage.commit([write]);
    this.#count('old copy');
  }

  async #readAll(): Promise<void> {
    for (const client of this.#clients) if (this.#roll(3) === 0) await this.#try(client, (group) => group.catchUp());
  }

  async #speak(): Promise<void> {
    const [client] = this.#pick(1);
    if (client !== undefined) await this.#try(client, (group) => group.post('hello'));
  }

  /** Claims of KeyPackages are counted by the hour, so this is not done often. */
  async #replaceMember(): Promise<void> {
    const [client] = this.#pick(1, ({ group, line }) => group !== undefined && !line.isDown);
    if (client === undefined || client === this.#founder || this.#returns++ >= 10) return;
    const [other] = this.#pick(1, (one) => one !== client && one.group !== undefined && !one.line.isDown);
    if (other === undefined || !(await this.#try(this.#founder, (group) => group.remove(actorOf(client))))) return;
    client.group = undefined;
    client.copy = undefined;
    if (await this.#try(this.#founder, (group) => group.invite(actorOf(client), 'admin'))) await this.#accept(client);
  }

  /** One member seals what nobody can open, so that all others have to come back. */
  async #garble(): Promise<void> {
    const [client] = this.#pick(1, ({ group, line }) => group !== undefined && !line.isDown);
    if (client === undefined || client === this.#founder) return;
    // Nobody else may be under way with a commit, since clients of one process share what they seal with.
    await this.#try(client, (group) => group.catchUp());
    const { end } = await garblePathSecrets();
    client.line.onCommit = end;
    await this.#try(client, (group) => group.rotate());
    client.line.onCommit = () => undefined;
    end();
  }

  async #accept(client: Client): Promise<void> {
    client.group = await (await invitationTo(client.session, this.#founder.group.id)).accept();
  }

  /** Whether it succeeded. What a call may be refused for by other people's doing is none of its business. */
  async #try(client: Client, call: (group: Group) => Promise<unknown>): Promise<boolean> {
    const { group } = client;
    if (group === undefined) return false;
    try {
      const delivery = await call(group);
      if (isDelivery(delivery)) this.#claimed.push({ index: delivery.index, actor: actorOf(client) });
      return true;
    } catch (error) {
      const isExpected = error instanceof NetworkError || (error instanceof TeraChatError && EXPECTED.has(error.code));
      if (!isExpected) throw error;
      this.#count(`refused: ${error.code}`);
      return false;
    }
  }

  get #founder(): Client & { readonly group: Group } {
    return this.#clients[0] as Client & { readonly group: Group };
  }

  #pick(count: number, fits: (client: Client) => boolean = () => true): Client[] {
    const left = this.#clients.filter(fits);
    return Array.from(
      { length: Math.min(count, left.length) },
      () => left.splice(this.#roll(left.length), 1)[0] as Client,
    );
  }

  #roll(below: number): number {
    this.#dice = (Math.imul(this.#dice, 1_664_525) + 1_013_904_223) >>> 0;
    return (this.#dice >>> 8) % below;
  }

  #count(name: string): void {
    this.#tally.set(name, (this.#tally.get(name) ?? 0) + 1);
  }
}

function actorOf({ session }: Pick<Client, 'session'>): string {
  return session.identity!.actor;
}

/** Of the calls that are made here, only commits give one. */
function isDelivery(value: unknown): value is { readonly index: number } {
  return typeof value === 'object' && value !== null && 'index' in value && typeof value.index === 'number';
}
