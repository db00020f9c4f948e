import { decodeTrusted, mailboxPage, toBase64Url } from '../../core/index.ts';
import { connect, type Group, type Session, type TimelineItem } from '../../sdk/index.ts';
import { actorSigner } from '../../sdk/actor-signer.ts';
import { platformOf } from '../../sdk/platform.ts';
import { Disk, Life, ProcessStorage } from './disk.ts';
import { Line } from './line.ts';
import type { ModelRelay } from './model-relay.ts';
import type { Time } from './time.ts';

/** Pauses of a client are this many times shorter than they say. */
const HURRY = 50;
const LONGEST_PAUSE_MS = 20;
/** What a disk keeps from one run to the next: a person, without groups and mail. */
const IDENTITY_PREFIXES = ['identity', 'relay', 'key-package/'];

/** Someone with an identity, for many runs. */
export interface Player {
  readonly name: string;
  readonly actor: string;
  readonly seed: Uint8Array;
  readonly disk: Disk;
}

/** Founds an identity while nothing goes wrong. */
export async function makePlayer(name: string, relay: ModelRelay, time: Time): Promise<Player> {
  const disk = new Disk();
  const process = new Process(disk, relay, time, () => undefined);
  const session = await process.connect();
  const { actor } = await session.createIdentity();
  process.kill();
  return { name, actor, seed: process.seed as Uint8Array, disk };
}

/** One process of a client, from its start until it is killed. */
export class Process {
  readonly life = new Life();
  readonly line: Line;
  session: Session | undefined;
  group: Group | undefined;
  isFollowing = false;
  seed: Uint8Array | undefined;
  readonly #disk: Disk;
  readonly #relay: ModelRelay;
  readonly #time: Time;

  constructor(disk: Disk, relay: ModelRelay, time: Time, onAnswer: (path: string, body: Uint8Array) => void) {
    this.#disk = disk;
    this.#relay = relay;
    this.#time = time;
    this.line = new Line(relay.wire, this.life, onAnswer);
  }

  async connect(): Promise<Session> {
    const { url, platform } = this.#relay;
    const { makeSigner = actorSigner } = platform;
    const pause = platformOf({}).delay;
    this.session = await connect({
      ...platform,
      relay: url,
      storage: new ProcessStorage(this.#disk, this.life),
      fetch: this.line.fetch,
      webSocket: this.line.webSocket,
      now: this.#time.now,
      delay: (ms, signal) => this.life.step(() => pause(Math.min(ms / HURRY, LONGEST_PAUSE_MS), signal)),
      // No run is long enough for a key to become old, and looking for one would never rest with pauses like these.
      rotateAfterMs: 'off',
      makeSigner: (seed) => {
        this.seed = seed;
        return makeSigner(seed);
      },
    });
    return this.session;
  }

  kill(): void {
    this.life.kill();
    this.line.cut();
  }
}

/** A person in one run: what their processes have seen, whichever of them it was. */
export class Person {
  readonly player: Player;
  /** Whether their processes read live. */
  readonly isFollower: boolean;
  process: Process | undefined;
  /** Another process on the same disk, at the same time. */
  second: Process | undefined;
  #turn = 0;
  /** What live readings gave, each beginning where the one before it ended. */
  readonly followed: TimelineItem[] = [];
  /** What was fetched from the mailbox about this run's group, as `sequence kind index`. */
  readonly mail = new Set<string>();

  constructor(player: Player, isFollower: boolean) {
    this.player = player;
    this.isFollower = isFollower;
  }

  get name(): string {
    return this.player.name;
  }

  get actor(): string {
    return this.player.actor;
  }

  get group(): Group | undefined {
    return this.process?.group ?? this.second?.group;
  }

  get processes(): readonly Process[] {
    return [this.process, this.second].filter((process) => process !== undefined);
  }

  /** Whose turn it is: where two can act, they take turns. */
  next(): Process | undefined {
    const able = this.processes.filter(({ group }) => group !== undefined);
    return able[this.#turn++ % able.length] ?? this.process;
  }

  /** A new process on what others leave or do on the disk. */
  begin(relay: ModelRelay, time: Time, isOurs: (chain: string) => boolean): Process {
    return new Process(this.player.disk, relay, time, (path, body) => {
      if (path.endsWith('/mailbox')) this.#noteMail(body, isOurs);
    });
  }

  killFirst(): void {
    this.process?.kill();
    this.process = undefined;
  }

  killSecond(): void {
    this.second?.kill();
    this.second = undefined;
  }

  /** The same person without this run. */
  async forget(): Promise<void> {
    this.killFirst();
    this.killSecond();
    await this.player.disk.keepOnly(IDENTITY_PREFIXES);
  }

  #noteMail(body: Uint8Array, isOurs: (chain: string) => boolean): void {
    for (const { sequence, kind, chain, index } of decodeTrusted(mailboxPage, body).items) {
      if (isOurs(toBase64Url(chain))) this.mail.add(`${sequence} ${kind} ${index}`);
    }
  }
}
