import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import {
  connect,
  memoryStorage,
  type ConnectOptions,
  type Group,
  type Invitation,
  type Session,
  type Storage,
} from '../../sdk/index.ts';
import { fileStorage, nodePlatform } from '../../sdk/node/index.ts';
import { steadyPort } from '../support/steady-port.ts';
import { spawnRelay, startLocalRelay, type LocalRelay, type LocalRelayOptions } from '../../workers/local.ts';

/** How much sooner `hasty` people try again. */
const HASTE = 10;

type Relay = Omit<LocalRelay, 'stop'>;

/** Times of 50 ms that an invitation is looked for. */
const PATIENCE = 1_200;

/** The relay that stories of this process share. */
let shared: Promise<Relay> | undefined;

/** A real relay, and people who use it. */
export class Stage {
  readonly folder: string;
  #relay: Relay;
  /** Of a relay of its own. */
  #own: LocalRelay | undefined;
  readonly #sessions: Session[] = [];
  readonly #storages: Storage[] = [];

  private constructor(folder: string, relay: Relay, own?: LocalRelay) {
    this.folder = folder;
    this.#relay = relay;
    this.#own = own;
  }

  /** With a relay of its own, which may be stopped and started again. */
  static async set(options: Partial<LocalRelayOptions> = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'story-'));
    const relay = await startLocalRelay({ folder: join(folder, 'relay'), port: await steadyPort(), ...options });
    return new Stage(folder, relay, relay);
  }

  /** With a relay that is there for other stories too, since to start one takes as long as most of them. It ends with the process. */
  static async share(): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'story-')), await sharedRelay());
  }

  get relay(): Relay {
    return this.#relay;
  }

  /** Someone with an identity, whose storage is gone with the story. */
  async person(url = this.relay.url, options: Partial<ConnectOptions> = {}): Promise<Session> {
    const session = await this.connect(memoryStorage(), url, options);
    await session.createIdentity();
    return session;
  }

  async connect(storage: Storage, url = this.relay.url, options: Partial<ConnectOptions> = {}): Promise<Session> {
    const session = await connect({ relay: url, storage, ...nodePlatform(), ...options });
    this.#sessions.push(session);
    return session;
  }

  /** A folder that keeps what a person knows, whoever opens it. */
  storage(name: string): Storage {
    const storage = fileStorage(join(this.folder, name));
    this.#storages.push(storage);
    return storage;
  }

  /** The relay again on the same port, with what it had stored. */
  async restartRelay(options: Partial<LocalRelayOptions> = {}): Promise<void> {
    if (this.#own === undefined) throw new Error('other stories use this relay');
    const { port } = this.#own;
    await this.#own.stop();
    this.#own = await startLocalRelay({ folder: join(this.folder, 'relay'), port, ...options });
    this.#relay = this.#own;
  }

  async strike(): Promise<void> {
    for (const session of this.#sessions) session.close();
    for (const storage of this.#storages) await storage.close();
    await this.#own?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The relay of `Stage.share`, for who needs no more than that. */
export function sharedRelay(): Promise<Relay> {
  return (shared ??= startShared());
}

/** In a process of its own, which ends with this one even where this one is killed. */
async function startShared(): Promise<Relay> {
  const folder = await mkdtemp(join(inject('scratch'), 'relay-'));
  return { folder, ...(await spawnRelay({ folder, port: 0 })) };
}

/** For who is alone with a relay that does not answer; where several try again, their turns need the time between them. */
export function hasty(ms: number, signal?: AbortSignal): Promise<void> {
  return sleep(ms / HASTE, undefined, signal === undefined ? {} : { signal });
}

/** The one invitation that waits, once it came. */
export async function soleInvitation(session: Session): Promise<Invitation> {
  for (let attempt = 0; attempt < PATIENCE; attempt++) {
    const invitations = await session.invitations();
    if (invitations.length > 1) throw new Error(`${invitations.length} invitations wait`);
    if (invitations[0] !== undefined) return invitations[0];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no invitation came');
}

/** The invitation to one group of perhaps several, once it came. */
export async function invitationTo(client: Session, id: string): Promise<Invitation> {
  for (let attempt = 0; attempt < PATIENCE; attempt++) {
    const invitation = (await client.invitations()).find(({ group }) => group === id);
    if (invitation !== undefined) return invitation;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no invitation to ${id} came`);
}

/** What a group's messages say, sealed ones by their reason. */
export async function textsOf(group: Group, options: Parameters<Group['messages']>[0] = {}): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of group.messages(options)) {
    texts.push(message.kind === 'message' ? (message.text ?? `(${message.contentType})`) : `[${message.reason}]`);
  }
  return texts;
}

/** The first `count` things of a live reading. */
export async function take<T>(items: AsyncIterableIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}
