import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { digestField, MEDIA_TYPE, sha256, toBase64Url } from '../../core/index.ts';
import { signRequest } from '../../sdk/signed-request.ts';
import { BenchGroup } from '../load/bench-group.ts';
import { watchResidentMemory } from '../load/resident-memory.ts';
import { scaled, type Scenario } from '../scenario.ts';

const MIB = 1_048_576;
const BLOB_MIB = 100;
const NO_BODY = sha256(new Uint8Array());

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
    const group = await BenchGroup.found(relay);
    const mib = scaled(BLOB_MIB, bench);
    const ask = async (method: string, path: string, body?: Uint8Array): Promise<number> => {
      const url = `${relay.url}${group.path}/${path}`;
      const digest = digestField(body === undefined ? NO_BODY : sha256(body));
      const headers = await signRequest({ method, url, digest }, group.founder, platform);
      return timed(url, { method, headers, ...(body && { body }) });
    };
    return {
      async round() {
        // New each time, since the relay keeps it under its hash.
        const body = new Uint8Array(randomBytes(mib * MIB));
        const hash = toBase64Url(sha256(body));
        const object = `${floors.url}/object`;
        const floorUp = await timed(object, { method: 'PUT', body });
        const floorDown = await timed(object, { method: 'GET' });
        const memory = watchResidentMemory(relay.runtimePid);
        const up = await ask('POST', `blobs?hash=${hash}&size=${body.length}`, body);
        const upMiB = memory.growthMiB();
        const reading = watchResidentMemory(relay.runtimePid);
        const down = await ask('GET', `blobs/${hash}`);
        const downMiB = reading.growthMiB();
        return [
          { value: mib / up, floor: mib / floorUp, ...(upMiB !== undefined && { extra: { grownMiB: upMiB } }) },
          { value: mib / down, floor: mib / floorDown, ...(downMiB !== undefined && { extra: { grownMiB: downMiB } }) },
        ];
      },
      close: () => undefined,
    };
  },
};

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
