import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { startLocalRelay, type LocalRelay, type LocalRelayOptions } from '../../workers/local.ts';

/** A real relay in a folder of its own, and people who use it. */
export class Stage {
  readonly folder: string;
  relay: LocalRelay;
  readonly #sessions: Session[] = [];
  readonly #storages: Storage[] = [];

  private constructor(folder: string, relay: LocalRelay) {
    this.folder = folder;
    this.relay = relay;
  }

  static async set(options: Partial<LocalRelayOptions> = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'story-'));
    return new Stage(folder, await startLocalRelay({ folder: join(folder, 'relay'), port: 0, ...options }));
  }

  /** Someone with an identity, whose storage is gone with the story. */
  async person(url = this.relay.url): Promise<Session> {
    const session = await this.connect(memoryStorage(), url);
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
    const { port } = this.relay;
    await this.relay.stop();
    this.relay = await startLocalRelay({ folder: join(this.folder, 'relay'), port, ...options });
  }

  async strike(): Promise<void> {
    for (const session of this.#sessions) session.close();
    for (const storage of this.#storages) await storage.close();
    await this.relay.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The one invitation that waits, once it came. */
export async function soleInvitation(session: Session): Promise<Invitation> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const invitations = await session.invitations();
    if (invitations.length > 1) throw new Error(`${invitations.length} invitations wait`);
    if (invitations[0] !== undefined) return invitations[0];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no invitation came');
}

/** The invitation to one group of perhaps several, once it came. */
export async function invitationTo(client: Session, id: string): Promise<Invitation> {
  for (let attempt = 0; attempt < 100; attempt++) {
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
