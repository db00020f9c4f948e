import {
  decode,
  encode,
  HASH_BYTES,
  mailboxItem,
  MAX_HANDSHAKE_BYTES,
  opaque,
  opaqueVector,
  sha256,
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

const OVERFLOW = 'mailbox-overflow';
const ENVELOPES = 'envelope/';
const SET_ASIDE = 'set-aside/';
/** Digits of a sequence number in a key, so that keys sort as numbers do. */
const SEQUENCE_DIGITS = 16;

const itemCodec = struct('StoredItem', { version: version(1), item: mailboxItem });
const overflowCodec = struct('StoredOverflow', { version: version(1), at: uint64 });

const newsCodec = struct('StoredNews', { version: version(1), index: uint64 });

/** A Welcome that was fetched and not used yet. Nothing of it is verified. */
export type StoredWelcome = Omit<Decoded<typeof welcomeCodec>, 'version'>;

/** An item as it came, by the key that it is stored under. */
export interface StoredItem {
  readonly key: string;
  readonly item: MailboxItem;
}

/**
 * What waits at the relay for this device, brought here: Welcomes, hints that a chain has grown, envelopes. Stored first,
 * acknowledged then, so that a crash between loses nothing and repeats at most what is stored already. Nothing is looked
 * into on the way.
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
    if (page.setAside > 0) await this.#fetchSetAside(signal);
    return page.stock;
  }

  /** Stores what a page brings. Returns the sequence number up to which it may be acknowledged. */
  async keep({ items }: Pick<MailboxPage, 'items'>): Promise<number> {
    await this.#storage.exclusive('mailbox', async () => this.#storage.commit(await this.#writesFor(items)));
    return items.at(-1)?.sequence ?? 0;
  }

  /** Envelopes that were fetched and not dealt with, sealed as they came. */
  envelopes(): Promise<readonly StoredItem[]> {
    return this.#readItems(ENVELOPES);
  }

  /** Items that ended whoever read them, so that the relay set them aside (`MX13`). */
  setAside(): Promise<readonly StoredItem[]> {
    return this.#readItems(SET_ASIDE);
  }

  /** Takes up an item that was set aside as if it came now. */
  async retry({ key, item }: StoredItem): Promise<void> {
    await this.#storage.exclusive('mailbox', async () =>
      this.#storage.commit([...(await this.#writesFor([item])), { key, value: undefined }]),
    );
  }

  async forget(key: string): Promise<void> {
    await this.#storage.commit([{ key, value: undefined }]);
  }

  /** When the relay last found no room for something, ms since the Unix epoch. */
  async overflowedAt(): Promise<number | undefined> {
    const bytes = await this.#storage.read(OVERFLOW);
    const mark = bytes && decode(overflowCodec, bytes);
    return mark?.ok === true ? mark.value.at : undefined;
  }

  forgetOverflow(): Promise<void> {
    return this.forget(OVERFLOW);
  }

  async #fetchSetAside(signal: AbortSignal | undefined): Promise<void> {
    let page = await this.#client.setAside(this.#device, 0, signal);
    while (page.items.length > 0) {
      await this.#storage.commit(page.items.map(setAsideWrite));
      const upTo = page.next - 1;
      await this.#client.discardSetAside(this.#device, upTo, signal);
      page = await this.#client.setAside(this.#device, page.next, signal);
    }
  }

  async #writesFor(items: readonly MailboxItem[]): Promise<readonly StorageWrite[]> {
    const writes: StorageWrite[] = [];
    for (const item of newestWelcomes(items)) writes.push(...(await this.#welcomeWrites(item)));
    for (const item of items) {
      if (item.kind === 'poke') writes.push(newsWrite(item.chain, item.index));
      if (item.kind === 'envelope') writes.push(envelopeWrite(item));
      if (item.kind === 'overflow') writes.push(overflowWrite(item));
    }
    return writes;
  }

  async #readItems(prefix: string): Promise<readonly StoredItem[]> {
    const items: StoredItem[] = [];
    for (const key of await this.#storage.list(prefix)) {
      const bytes = await this.#storage.read(key);
      if (bytes === undefined) continue;
      const stored = decode(itemCodec, bytes);
      if (!stored.ok) throw new StorageError('storage-damaged', `${key} is ${stored.error.reason}`);
      items.push({ key, item: stored.value.item });
    }
    return items;
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

/** Under the digest of its bytes: what a relay delivers twice is there once. */
function envelopeWrite(item: MailboxItem): StorageWrite {
  return itemWrite(`${ENVELOPES}${toBase64Url(sha256(item.content))}`, item);
}

function setAsideWrite(item: MailboxItem): StorageWrite {
  return itemWrite(`${SET_ASIDE}${String(item.sequence).padStart(SEQUENCE_DIGITS, '0')}`, item);
}

function itemWrite(key: string, item: MailboxItem): StorageWrite {
  return { key, value: encode(itemCodec, { version: 1, item }) };
}

function overflowWrite({ receivedAt }: MailboxItem): StorageWrite {
  return { key: OVERFLOW, value: encode(overflowCodec, { version: 1, at: receivedAt }) };
}

export function invitationKey(chain: Uint8Array): string {
  return `${INVITATIONS}${toBase64Url(chain)}`;
}
