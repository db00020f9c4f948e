import {
  decode,
  encode,
  HASH_BYTES,
  MAX_HANDSHAKE_BYTES,
  opaque,
  opaqueVector,
  struct,
  toBase64Url,
  uint64,
  version,
  type ActorKey,
  type Decoded,
  type KeyPackageStock,
  type MailboxItem,
  type MailboxPage,
} from '../core/index.ts';
import { StorageError } from './errors.ts';
import type { RelayClient } from './relay-client.ts';
import type { Storage, StorageWrite } from './storage.ts';

const INVITATIONS = 'invitation/';
const NEWS = 'news/';

const welcomeCodec = struct('StoredWelcome', {
  version: version(1),
  chain: opaque(HASH_BYTES),
  /** The entry whose commit let this device in. */
  index: uint64,
  receivedAt: uint64,
  welcome: opaqueVector(MAX_HANDSHAKE_BYTES),
});

const newsCodec = struct('StoredNews', { version: version(1), index: uint64 });

/** A Welcome that was fetched and not used yet. Nothing of it is verified. */
export type StoredWelcome = Omit<Decoded<typeof welcomeCodec>, 'version'>;

/**
 * What waits at the relay for this device, brought here: Welcomes, and hints that a chain has grown. Stored first,
 * acknowledged then, so that a crash between loses nothing and repeats at most what is stored already.
 */
export class Mailbox {
  readonly #client: RelayClient;
  readonly #storage: Storage;
  readonly #device: ActorKey;

  constructor({ client, storage }: { client: RelayClient; storage: Storage }, device: ActorKey) {
    this.#client = client;
    this.#storage = storage;
    this.#device = device;
  }

  /** Fetches everything. Returns the relay's stock of KeyPackages, which comes along. */
  async fetchAll(signal?: AbortSignal): Promise<KeyPackageStock> {
    let page = await this.#client.mailbox(this.#device, 0, signal);
    while (page.items.length > 0) {
      const upTo = await this.keep(page);
      await this.#client.acknowledge(this.#device, upTo, signal);
      page = await this.#client.mailbox(this.#device, upTo + 1, signal);
    }
    return page.stock;
  }

  /** Stores what a page brings. Returns the sequence number up to which it may be acknowledged. */
  async keep({ items }: MailboxPage): Promise<number> {
    await this.#storage.exclusive('mailbox', async () => {
      const writes: StorageWrite[] = [];
      for (const item of newestWelcomes(items)) writes.push(...(await this.#welcomeWrites(item)));
      for (const { kind, chain, index } of items) if (kind === 'poke') writes.push(newsWrite(chain, index));
      await this.#storage.commit(writes);
    });
    return items.at(-1)?.sequence ?? 0;
  }

  async welcomes(): Promise<readonly StoredWelcome[]> {
    const welcomes: StoredWelcome[] = [];
    for (const key of await this.#storage.list(INVITATIONS)) {
      const welcome = await this.#readWelcome(key);
      if (welcome !== undefined) welcomes.push(welcome);
    }
    return welcomes;
  }

  welcomeOf(chain: Uint8Array): Promise<StoredWelcome | undefined> {
    return this.#readWelcome(invitationKey(chain));
  }

  /** Chains that the relay said have grown, and up to which entry. */
  async news(): Promise<ReadonlyMap<string, number>> {
    const news = new Map<string, number>();
    for (const key of await this.#storage.list(NEWS)) {
      const bytes = await this.#storage.read(key);
      const hint = bytes && decode(newsCodec, bytes);
      if (hint?.ok === true) news.set(key.slice(NEWS.length), hint.value.index);
    }
    return news;
  }

  /** Forgets hints of chains that were read as far. */
  async forgetNews(chains: readonly string[]): Promise<void> {
    await this.#storage.commit(chains.map((chain) => ({ key: `${NEWS}${chain}`, value: undefined })));
  }

  /** A later Welcome of a chain takes the place of an earlier one, whose epoch is over. */
  async #welcomeWrites({ chain, index, receivedAt, content }: MailboxItem): Promise<readonly StorageWrite[]> {
    const key = invitationKey(chain);
    const held = await this.#readWelcome(key);
    if (held !== undefined && held.index >= index) return [];
    return [{ key, value: encode(welcomeCodec, { version: 1, chain, index, receivedAt, welcome: content }) }];
  }

  async #readWelcome(key: string): Promise<StoredWelcome | undefined> {
    const bytes = await this.#storage.read(key);
    if (bytes === undefined) return undefined;
    const welcome = decode(welcomeCodec, bytes);
    if (!welcome.ok) throw new StorageError('storage-damaged', `${key} is ${welcome.error.reason}`);
    return welcome.value;
  }
}

/** At most one a chain. */
function newestWelcomes(items: readonly MailboxItem[]): readonly MailboxItem[] {
  const newest = new Map<string, MailboxItem>();
  for (const item of items) {
    if (item.kind !== 'welcome') continue;
    const name = toBase64Url(item.chain);
    if ((newest.get(name)?.index ?? -1) < item.index) newest.set(name, item);
  }
  return [...newest.values()];
}

function newsWrite(chain: Uint8Array, index: number): StorageWrite {
  return { key: `${NEWS}${toBase64Url(chain)}`, value: encode(newsCodec, { version: 1, index }) };
}

export function invitationKey(chain: Uint8Array): string {
  return `${INVITATIONS}${toBase64Url(chain)}`;
}
