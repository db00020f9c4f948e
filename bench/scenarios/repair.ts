import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Damage } from '../../cli/cluster/damage.ts';
import { digestField, MEDIA_TYPE, sha256, toBase64Url, type ClusterStatus } from '../../core/index.ts';
import { operatorOf, type Operator } from '../../sdk/index.ts';
import { nodePlatform } from '../../sdk/node/index.ts';
import { signRequest } from '../../sdk/signed-request.ts';
import { nodeFolder, readOperatorSeed, spawnRelay } from '../../workers/local.ts';
import { BenchGroup } from '../load/bench-group.ts';
import { appendBody } from '../load/group-stream.ts';
import { scaled, type Scenario } from '../scenario.ts';

const BLOBS = 4;
const BLOB_BYTES = 6_000_000;
/** What members read meanwhile. */
const READ_BYTES = 262_144;
const APPENDERS = 8;
const READERS = 2;
const WINDOW_MS = 4_000;
/** As a deployment has it: a local relay repairs faster. */
const REPAIR_BYTES_PER_S = '8388608';
const NO_BODY = digestField(sha256(new Uint8Array()));
/** Its disk is emptied again and again. */
const NODE = 'node-0';

/** What members get done while a node's shards are made anew; the floor is the same of the same group when all is whole. */
export const foregroundDuringRepair: Scenario = {
  rows: [
    { name: 'append-during-repair', unit: 'events/s', target: 0.8, kind: 'rate' },
    { name: 'read-during-repair', unit: 'MiB/s', target: 0.8, kind: 'rate' },
  ],
  isOptional: true,
  async open(bench) {
    const folder = mkdtempSync(join(tmpdir(), 'terachat-bench-repair-'));
    const relay = await spawnRelay({ folder, port: 0, variables: { REPAIR_BYTES_PER_S } });
    const operator = operatorOf(relay.url, new Uint8Array(readOperatorSeed(folder) as Uint8Array), nodePlatform());
    const members = new Members(await BenchGroup.found(relay));
    for (let i = 0; i < scaled(BLOBS, bench); i++) await members.put(new Uint8Array(randomBytes(BLOB_BYTES)));
    const damage = new Damage(join(folder, 'kept'), (node) => nodeFolder(folder, node));
    return {
      async round() {
        const quiet = await members.work(WINDOW_MS);
        damage.revive(NODE);
        await ask(operator, 'POST', '/v1/cluster/scrub');
        const busy = await members.work(WINDOW_MS);
        if (isWhole(await ask(operator, 'GET', '/v1/cluster')))
          throw new Error('the repair was over before the window');
        while (!isWhole(await ask(operator, 'GET', '/v1/cluster'))) await sleep(500);
        // Before and after, since other work of the machine comes and goes.
        const again = await members.work(WINDOW_MS);
        return [
          { value: busy.appends, floor: (quiet.appends + again.appends) / 2 },
          { value: busy.mib, floor: (quiet.mib + again.mib) / 2 },
        ];
      },
      async close() {
        await relay.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

/** They write and read at once, as fast as they are answered. */
class Members {
  readonly #group: BenchGroup;
  readonly #hashes: string[] = [];

  constructor(group: BenchGroup) {
    this.#group = group;
  }

  async put(body: Uint8Array): Promise<void> {
    const hash = toBase64Url(sha256(body));
    await this.#ask('POST', `blobs?hash=${hash}&size=${body.length}`, { body });
    this.#hashes.push(hash);
  }

  /** Events and MiB a second. */
  async work(ms: number): Promise<{ readonly appends: number; readonly mib: number }> {
    const end = performance.now() + ms;
    let [events, bytes] = [0, 0];
    const until = async (step: () => Promise<void>): Promise<void> => {
      while (performance.now() < end) await step();
    };
    const append = async (): Promise<void> => {
      await this.#append();
      events += 1;
    };
    const read = async (): Promise<void> => {
      bytes += await this.#read();
    };
    const begun = performance.now();
    const appenders = Array.from({ length: APPENDERS }, () => until(append));
    const readers = Array.from({ length: READERS }, () => until(read));
    await Promise.all([...appenders, ...readers]);
    const seconds = (performance.now() - begun) / 1_000;
    return { appends: events / seconds, mib: bytes / 1_048_576 / seconds };
  }

  async #append(): Promise<void> {
    const { path, relay } = this.#group;
    const body = appendBody(this.#group.messages(1));
    const headers = { 'content-type': MEDIA_TYPE };
    const answer = await fetch(`${relay.url}${path}/events`, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`an append was answered ${answer.status}`);
    await answer.arrayBuffer();
  }

  async #read(): Promise<number> {
    const hash = this.#hashes[Math.floor(Math.random() * this.#hashes.length)] as string;
    const start = Math.floor(Math.random() * (BLOB_BYTES - READ_BYTES));
    const range = `bytes=${start}-${start + READ_BYTES - 1}`;
    return this.#ask('GET', `blobs/${hash}`, { headers: { range } });
  }

  async #ask(method: string, path: string, init: RequestInit & { body?: Uint8Array }): Promise<number> {
    const { relay, founder } = this.#group;
    const url = `${relay.url}${this.#group.path}/${path}`;
    const digest = init.body === undefined ? NO_BODY : digestField(sha256(init.body));
    const platform = { now: Date.now, randomBytes: (length: number) => new Uint8Array(randomBytes(length)) };
    const headers = new Headers(await signRequest({ method, url, digest }, founder, platform));
    if (init.body !== undefined) headers.set('content-type', MEDIA_TYPE);
    new Headers(init.headers).forEach((value, name) => headers.set(name, value));
    const answer = await fetch(url, { ...init, method, headers });
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    return (await answer.arrayBuffer()).byteLength;
  }
}

async function ask(operator: Operator, method: string, path: string): Promise<ClusterStatus> {
  const answer = await operator.request(method, path, { accept: 'application/json' });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return (await answer.json()) as ClusterStatus;
}

function isWhole({ backlog, scrub, nodes }: ClusterStatus): boolean {
  return scrub.finishedAt !== null && backlog === 0 && nodes.every(({ missing }) => missing === 0);
}
