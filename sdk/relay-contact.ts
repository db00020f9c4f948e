import type { PinnedRelay } from './chain/chain-trust.ts';
import { NetworkError } from './errors.ts';
import type { HttpClient } from './http-client.ts';
import { RelayClient } from './relay-client.ts';
import { pinRelay, readPin } from './relay-pin.ts';
import type { Storage } from './storage.ts';

export interface MetRelay extends PinnedRelay {
  /** Undefined where the relay has not answered yet. */
  readonly version: string | undefined;
}

/**
 * Who the relay is. Asked before anything else is, also where a session begins without an answer: whoever has taken the
 * relay's address meanwhile must learn nothing of what this client wants (`CL1`).
 */
export class RelayContact {
  readonly #client: RelayClient;
  readonly #storage: Storage;
  #isMet = false;

  /** From here on `http` sends nothing before the relay has shown that it is the one of this storage. */
  constructor(http: HttpClient, storage: Storage) {
    this.#client = new RelayClient(http);
    this.#storage = storage;
    http.guard(async (signal) => {
      if (!this.#isMet) await this.#meet(signal);
    });
  }

  /** Asks; or where no answer comes and `mayWait`, takes what the storage knows of the relay, which is then asked later. */
  async begin(mayWait: boolean, signal: AbortSignal | undefined): Promise<MetRelay> {
    try {
      return await this.#meet(signal);
    } catch (error) {
      const known = mayWait && error instanceof NetworkError ? await readPin(this.#storage) : undefined;
      if (known === undefined) throw error;
      return { ...known, version: undefined };
    }
  }

  async #meet(signal: AbortSignal | undefined): Promise<MetRelay> {
    const info = await this.#client.info(signal);
    const pinned = await pinRelay(this.#storage, info);
    this.#isMet = true;
    return { ...pinned, version: info.version };
  }
}
