import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { digestField, MEDIA_TYPE, sha256, toBase64Url } from '../../core/index.ts';
import { signRequest } from '../../sdk/signed-request.ts';
import { freePort } from '../../workers/local/ports.ts';
import { spawnRelay, type SpawnedRelay } from '../../workers/local.ts';
import { BenchGroup } from '../load/bench-group.ts';
import { IsolateMemory } from '../load/isolate-memory.ts';
import { watchResidentMemory } from '../load/resident-memory.ts';
import { scaled, type Scenario } from '../scenario.ts';

const MIB = 1_048_576;
const BLOB_MIB = 100;
const NO_BODY = sha256(new Uint8Array());
/** As wrangler.toml has it. */
const WORKER = 'terachat-relay';

const platform = { now: Date.now, randomBytes: (length: number) => new Uint8Array(randomBytes(length)) };

/** An attachment to the nodes and back by the relay; the floor is the same bytes to one bucket and back by a bare worker. */
export const blobTransfer: Scenario = {
  rows: [
    { name: 'blob-up-100MiB', unit: 'MiB/s', target: 0.5, kind: 'rate' },
    { name: 'blob-down-100MiB', unit: 'MiB/s', target: 0.7, kind: 'rate' },
  ],
  isOptional: true,
  async open(bench) {
    const { relay, floors } = bench;
    const mib = scaled(BLOB_MIB, bench);
    bench.report('blob-up-100MiB: memory');
    const memory = await workingMemory(mib);
    const transfers = await openTransfers(relay);
    const object = `${floors.url}/object`;
    return {
      async round() {
        // New each time, since the relay keeps it under its hash.
        const body = new Uint8Array(randomBytes(mib * MIB));
        const floorUp = await timed(object, { method: 'PUT', body });
        const floorDown = await timed(object, { method: 'GET' });
        const writing = watchResidentMemory(relay.runtimePid);
        const up = await transfers.up(body);
        const upMiB = writing.growthMiB() ?? 0;
        const reading = watchResidentMemory(relay.runtimePid);
        const down = await transfers.down(body);
        const downMiB = reading.growthMiB() ?? 0;
        return [
          { value: mib / up, floor: mib / floorUp, extra: { workingMiB: memory.up, grownMiB: upMiB } },
          { value: mib / down, floor: mib / floorDown, extra: { workingMiB: memory.down, grownMiB: downMiB } },
        ];
      },
      close: () => undefined,
    };
  },
};

/** What the relay's worker needs for it, in one of its own: an inspector is none of what is timed. */
async function workingMemory(mib: number): Promise<{ readonly up: number; readonly down: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'terachat-bench-'));
  const inspectorPort = await freePort('127.0.0.1');
  const relay = await spawnRelay({ folder, port: 0, inspectorPort });
  try {
    const transfers = await openTransfers(relay);
    const memory = await IsolateMemory.open(inspectorPort, WORKER, () => fetch(relay.url));
    const body = new Uint8Array(randomBytes(mib * MIB));
    // The engine compiles what it runs often, once.
    await transfers.up(new Uint8Array(randomBytes(mib * MIB)));
    const up = await memory.growthMiB(() => transfers.up(body));
    const down = await memory.growthMiB(() => transfers.down(body));
    memory.close();
    return { up, down };
  } finally {
    await relay.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In seconds each. */
interface Transfers {
  up(body: Uint8Array<ArrayBuffer>): Promise<number>;
  down(body: Uint8Array): Promise<number>;
}

async function openTransfers(relay: SpawnedRelay): Promise<Transfers> {
  const group = await BenchGroup.found(relay);
  const ask = async (method: string, path: string, body?: Uint8Array<ArrayBuffer>): Promise<number> => {
    const url = `${relay.url}${group.path}/${path}`;
    const digest = digestField(body === undefined ? NO_BODY : sha256(body));
    const headers = await signRequest({ method, url, digest }, group.founder, platform);
    return timed(url, { method, headers, ...(body && { body }) });
  };
  return {
    up: (body) => ask('POST', `blobs?hash=${toBase64Url(sha256(body))}&size=${body.length}`, body),
    down: (body) => ask('GET', `blobs/${toBase64Url(sha256(body))}`),
  };
}

/** Seconds until the whole answer is there; it is not kept. */
async function timed(url: string, init: RequestInit): Promise<number> {
  const headers = new Headers(init.headers);
  if (init.body !== undefined) headers.set('content-type', MEDIA_TYPE);
  const before = performance.now();
  const response = await fetch(url, { ...init, headers });
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read());
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (performance.now() - before) / 1_000;
}
