import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSignatureChecker } from '../../core/index.ts';
import type { WebSocketConstructor } from '../../sdk/index.ts';
import { nodePlatform, nodeVerifyBatch } from '../../sdk/node/index.ts';
import { spawnRelay, type SpawnedRelay } from '../../workers/local.ts';
import { steadyPort } from '../support/steady-port.ts';
import type { ModelRelay } from './model-relay.ts';

/** A relay in processes of its own, over real sockets. It is killed with SIGKILL and comes back on its folder and port. */
export class KillableRelay implements ModelRelay {
  readonly url: string;
  readonly platform = nodePlatform();
  readonly wire = {
    fetch: (url: string, init: RequestInit) => fetch(url, init),
    webSocket: this.platform.webSocket as WebSocketConstructor,
  };
  readonly #checker = createSignatureChecker({ verifyBatch: nodeVerifyBatch });
  readonly check: ModelRelay['check'] = (jobs) => this.#checker.check(jobs);
  kills = 0;
  #up: Promise<SpawnedRelay>;
  readonly #folder: string;

  private constructor(folder: string, spawned: SpawnedRelay) {
    this.#folder = folder;
    this.url = spawned.url;
    this.#up = Promise.resolve(spawned);
  }

  static async start(): Promise<KillableRelay> {
    const folder = await mkdtemp(join(tmpdir(), 'killable-relay-'));
    return new KillableRelay(folder, await spawnRelay({ folder, port: await steadyPort() }));
  }

  /** Begins it, so that others run into a relay that is gone. */
  async kill(): Promise<void> {
    this.kills += 1;
    const before = this.#up;
    this.#up = before.then(async (spawned) => {
      await spawned.kill();
      return spawnRelay({ folder: this.#folder, port: spawned.port });
    });
    await before;
  }

  async untilUp(): Promise<void> {
    await this.#up;
  }

  async remove(): Promise<void> {
    await (await this.#up).stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
