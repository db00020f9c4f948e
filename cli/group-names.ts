import { bytesToUtf8, fromBase64Url, HASH_BYTES, toBase64Url, utf8ToBytes } from '../core/index.ts';
import type { Storage } from '../sdk/index.ts';
import { Failure } from './failure.ts';

const PREFIX = 'cli/group/';
const MAX_NAME_BYTES = 128;
const SHORT_ID = 8;

/** What a command's argument says of a group. */
export const GROUP_ARGUMENT = 'name or id of the group';

/** How a group without a name is called. */
export function shortId(chain: string): string {
  return chain.slice(0, SHORT_ID);
}

/** What this profile calls its groups. Names stay on this machine: the relay only ever sees chain ids. */
export class GroupNames {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async add(name: string, chain: string): Promise<void> {
    await this.assertFreeFor(name, chain);
    await this.#storage.commit([{ key: keyOf(name), value: utf8ToBytes(chain) }]);
  }

  async assertFree(name: string): Promise<void> {
    if ((await this.#read(name)) === undefined) return;
    throw new Failure(
      'failed',
      'name-taken',
      `This profile has a group called '${name}' already.`,
      'Choose another name.',
    );
  }

  /** As `assertFree`, but a name that is this very group's may stay. */
  async assertFreeFor(name: string, chain: string): Promise<void> {
    if ((await this.#read(name)) !== chain) await this.assertFree(name);
  }

  /** Gives the name of one group, if it has one, to the group that goes on in its place. */
  async move(from: string, to: string): Promise<void> {
    const name = (await this.all()).get(from);
    if (name !== undefined) await this.#storage.commit([{ key: keyOf(name), value: utf8ToBytes(to) }]);
  }

  /** The chain of a name; a chain id stands for itself. */
  async resolve(text: string): Promise<string> {
    const chain = await this.#read(text);
    if (chain !== undefined) return chain;
    if (fromBase64Url(text)?.length === HASH_BYTES) return text;
    throw new Failure(
      'failed',
      'no-such-group',
      `There is no group called '${text}'.`,
      'terachat group list shows them.',
    );
  }

  /** Chain id to name. */
  async all(): Promise<ReadonlyMap<string, string>> {
    const named = new Map<string, string>();
    for (const key of await this.#storage.list(PREFIX)) {
      const name = bytesToUtf8(fromBase64Url(key.slice(PREFIX.length)) ?? new Uint8Array());
      const chain = name === undefined ? undefined : await this.#read(name);
      if (name !== undefined && chain !== undefined) named.set(chain, name);
    }
    return named;
  }

  async #read(name: string): Promise<string | undefined> {
    const value = await this.#storage.read(keyOf(name));
    return value && bytesToUtf8(value);
  }
}

function keyOf(name: string): string {
  const bytes = utf8ToBytes(name);
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) {
    throw new Failure('usage', 'invalid-name', `A group's name has 1 to ${MAX_NAME_BYTES} bytes.`);
  }
  return `${PREFIX}${toBase64Url(bytes)}`;
}
