import { DEFAULT_SUITE, type MlsSuite } from '../core/mls/index.ts';
import type { ActorSigner } from './actor-signer.ts';
import { StorageError } from './errors.ts';
import { createMlsIdentity, parseMlsIdentity, serialiseMlsIdentity, type MlsIdentity } from './mls/index.ts';
import type { Storage } from './storage.ts';

/**
 * What this actor is inside MLS: a signature key of its own for each suite, since a binding is for one. That of the default
 * suite is drawn with the identity, the others when they are first needed.
 */
export class MlsIdentities {
  readonly #storage: Storage;
  readonly #signer: ActorSigner;
  readonly #known: Map<number, MlsIdentity>;

  constructor(storage: Storage, signer: ActorSigner, first: MlsIdentity) {
    this.#storage = storage;
    this.#signer = signer;
    this.#known = new Map([[DEFAULT_SUITE.id, first]]);
  }

  async of(suite: MlsSuite): Promise<MlsIdentity> {
    const known = this.#known.get(suite.id);
    if (known !== undefined) return known;
    const key = `mls-identity/${suite.id}`;
    // Another process of this identity would otherwise draw one too, and one of the two would be forgotten.
    const identity = await this.#storage.exclusive(key, async () => {
      const held = await this.#read(key, suite);
      if (held !== undefined) return held;
      const drawn = await createMlsIdentity(this.#signer, suite);
      await this.#storage.commit([{ key, value: serialiseMlsIdentity(drawn) }]);
      return drawn;
    });
    this.#known.set(suite.id, identity);
    return identity;
  }

  async #read(key: string, suite: MlsSuite): Promise<MlsIdentity | undefined> {
    const bytes = await this.#storage.read(key);
    if (bytes === undefined) return undefined;
    const identity = parseMlsIdentity(bytes, suite);
    if (!identity.ok) throw new StorageError('storage-damaged', `${key} is ${identity.error.code}`);
    return identity.value;
  }
}
