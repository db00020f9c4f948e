import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import {
  bytesToUtf8,
  concatBytes,
  decode,
  encode,
  opaque,
  opaqueVector,
  optional,
  struct,
  toBase64Url,
  uint8,
  utf8ToBytes,
  version,
  type Decoded,
} from '../core/index.ts';
import { StorageError } from './errors.ts';
import {
  DEFAULT_LOG_N,
  isLogN,
  PASSPHRASE_KEY_BYTES,
  SALT_BYTES,
  stretchPassphrase,
  type Stretching,
} from './passphrase.ts';
import { assertStorageKey, type Storage, type StorageWrite } from './storage.ts';

/** What opens a storage: words that a person knows, or 32 bytes from a key store of the platform. */
export type StorageSecret = { readonly passphrase: string } | { readonly key: Uint8Array };

/** What a new sealed storage costs to open. */
export interface SealedStorageOptions {
  /**
   * Log2 of scrypt's cost for a new storage with a passphrase, from 15 to 20. 17, the default, takes 128 MiB and about half
   * a second at each opening, and as much at each guess.
   */
  readonly logN?: number;
}

/** Where a sealed storage says how it is opened: the one record whose name and content can be read. */
export const SEAL_KEY = 'seal';
const KEY_BYTES = PASSPHRASE_KEY_BYTES;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const NAMES = 'name/';
const VALUES = 'value/';
const PROOF = utf8ToBytes('TeraChat Storage v1');

const sealCodec = struct('StorageSeal', {
  version: version(1),
  /** With a passphrase; absent where the key itself is given. */
  scrypt: optional(struct('Scrypt', { logN: uint8, salt: opaque(SALT_BYTES) })),
  /** A known text under the storage's key: who can't open it has another one. */
  proof: opaqueVector(NONCE_BYTES + TAG_BYTES + PROOF.length),
});

type Seal = Omit<Decoded<typeof sealCodec>, 'version'>;

/**
 * A storage whose records are encrypted, names included, before they come to `inner` (`CL22`). Makes an empty one a sealed
 * one; rejects with `storage-secret-wrong` where the secret does not open it, and with `storage-not-sealed` where it holds
 * records that are not encrypted. Closing it closes `inner`.
 */
export async function sealedStorage(
  inner: Storage,
  secret: StorageSecret,
  options: SealedStorageOptions = {},
): Promise<Storage> {
  checkSecret(secret, options);
  const keys = await inner.exclusive(SEAL_KEY, async () => {
    const bytes = await inner.read(SEAL_KEY);
    if (bytes !== undefined) return openSeal(parseSeal(bytes), secret);
    if ((await inner.list('')).length > 0) {
      throw new StorageError('storage-not-sealed', 'the storage holds records that are not encrypted');
    }
    return makeSeal(inner, secret, options);
  });
  return new SealedStorage(inner, keys);
}

interface Keys {
  readonly names: Uint8Array;
  readonly records: Uint8Array;
}

class SealedStorage implements Storage {
  readonly #inner: Storage;
  readonly #keys: Keys;
  /** Names by what stands for them, as of the last listing. */
  #names = new Map<string, string>();

  constructor(inner: Storage, keys: Keys) {
    this.#inner = inner;
    this.#keys = keys;
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const sealed = await this.#inner.read(VALUES + this.#hide(key));
    return sealed && this.#open(sealed, VALUES + key);
  }

  async list(prefix: string): Promise<readonly string[]> {
    const names = new Map<string, string>();
    for (const place of await this.#inner.list(NAMES)) {
      const name = this.#names.get(place) ?? (await this.#readName(place));
      if (name !== undefined) names.set(place, name);
    }
    this.#names = names;
    return [...names.values()].filter((name) => name.startsWith(prefix)).sort();
  }

  async commit(writes: readonly StorageWrite[]): Promise<void> {
    for (const { key } of writes) assertStorageKey(key);
    await this.#inner.commit(writes.flatMap((write) => this.#sealWrite(write)));
  }

  exclusive<T>(name: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#inner.exclusive(this.#hide(name), task, signal);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #sealWrite({ key, value }: StorageWrite): readonly StorageWrite[] {
    const place = this.#hide(key);
    const name = value && this.#seal(utf8ToBytes(key), NAMES + place);
    return [
      { key: NAMES + place, value: name },
      { key: VALUES + place, value: value && this.#seal(value, VALUES + key) },
    ];
  }

  /** Undefined for a record that was deleted since it was listed. */
  async #readName(place: string): Promise<string | undefined> {
    const sealed = await this.#inner.read(place);
    const name = sealed && bytesToUtf8(this.#open(sealed, place));
    // Copied from another name's place, it would otherwise be listed under both.
    if (name !== undefined && NAMES + this.#hide(name) !== place) throw damaged(place);
    return name;
  }

  /** The same for the same name, and nothing to anyone without the key. */
  #hide(name: string): string {
    return toBase64Url(hmac(sha256, this.#keys.names, utf8ToBytes(name)));
  }

  #seal(bytes: Uint8Array, name: string): Uint8Array {
    return seal(this.#keys.records, bytes, name);
  }

  #open(sealed: Uint8Array, name: string): Uint8Array {
    const bytes = open(this.#keys.records, sealed, name);
    if (bytes === undefined) throw damaged(name);
    return bytes;
  }
}

function damaged(name: string): StorageError {
  return new StorageError('storage-damaged', `${name} is not what was stored there`);
}

function checkSecret(secret: StorageSecret, { logN = DEFAULT_LOG_N }: SealedStorageOptions): void {
  if ('key' in secret ? secret.key.length !== KEY_BYTES : secret.passphrase === '') {
    throw new TypeError(`a storage is sealed with a passphrase or with a key of ${KEY_BYTES} bytes`);
  }
  if (!isLogN(logN)) throw new RangeError(`no cost of a passphrase: ${logN}`);
}

async function makeSeal(inner: Storage, secret: StorageSecret, options: SealedStorageOptions): Promise<Keys> {
  const { logN = DEFAULT_LOG_N } = options;
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const scrypt = 'key' in secret ? undefined : { logN, salt };
  const keys = await deriveKeys(secret, scrypt);
  const proof = seal(keys.records, PROOF, SEAL_KEY);
  await inner.commit([{ key: SEAL_KEY, value: encode(sealCodec, { version: 1, scrypt, proof }) }]);
  return keys;
}

function parseSeal(bytes: Uint8Array): Seal {
  const parsed = decode(sealCodec, bytes);
  if (parsed.ok && isLogN(parsed.value.scrypt?.logN ?? DEFAULT_LOG_N)) return parsed.value;
  throw damaged(SEAL_KEY);
}

async function openSeal({ scrypt, proof }: Seal, secret: StorageSecret): Promise<Keys> {
  const isOfThisKind = (scrypt === undefined) === 'key' in secret;
  const keys = isOfThisKind ? await deriveKeys(secret, scrypt) : undefined;
  if (keys !== undefined && open(keys.records, proof, SEAL_KEY) !== undefined) return keys;
  throw new StorageError('storage-secret-wrong', 'the storage is sealed with another passphrase or key');
}

async function deriveKeys(secret: StorageSecret, scrypt: Stretching | undefined): Promise<Keys> {
  const root = await rootOf(secret, scrypt);
  const derive = (purpose: string): Uint8Array =>
    hkdf(sha256, root, undefined, utf8ToBytes(`TeraChat Storage v1 ${purpose}`), KEY_BYTES);
  return { names: derive('names'), records: derive('records') };
}

async function rootOf(secret: StorageSecret, scrypt: Stretching | undefined): Promise<Uint8Array> {
  if ('key' in secret) return secret.key;
  if (scrypt === undefined) throw new Error('a passphrase is stretched with the salt of its seal');
  return stretchPassphrase(secret.passphrase, scrypt);
}

/** Random nonces are safe to draw at this size. The name is authenticated: a record put in another's place does not open. */
function seal(key: Uint8Array, bytes: Uint8Array, name: string): Uint8Array {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return concatBytes(nonce, xchacha20poly1305(key, nonce, utf8ToBytes(name)).encrypt(bytes));
}

function open(key: Uint8Array, sealed: Uint8Array, name: string): Uint8Array | undefined {
  try {
    return xchacha20poly1305(key, sealed.subarray(0, NONCE_BYTES), utf8ToBytes(name)).decrypt(
      sealed.subarray(NONCE_BYTES),
    );
  } catch {
    return undefined;
  }
}
