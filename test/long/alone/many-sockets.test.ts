import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterEach, expect, test } from 'vitest';
import { BenchGroup } from '../../../bench/load/bench-group.ts';
import { appendFrames, openStream, sizeAfter } from '../../../bench/load/group-stream.ts';
import type { LoadSocket } from '../../../bench/load/load-socket.ts';
import { rateOf } from '../../../bench/load/rate.ts';
import { percentile } from '../../../bench/measure.ts';
import { spawnRelay, type SpawnedRelay } from '../../../workers/local.ts';
import { residentBytes } from './resident-memory.ts';

const SOCKETS = 5_000;
/** Handshakes under way at the same time. */
const OPENING = 32;
const MESSAGES = 20;

let relay: SpawnedRelay | undefined;
let folder = '';

afterEach(async () => {
  await relay?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('[SK12] five thousand sockets on one group: every message reaches each of them once', async () => {
  folder = await mkdtemp(join(tmpdir(), 'many-sockets-'));
  relay = await spawnRelay({ folder, port: 0 });
  const group = await BenchGroup.found(relay);
  const writer = await openStream(group, group.founder, 1);
  const idle = residentBytes(relay.runtimePid);
  const sockets: LoadSocket[] = [];
  const opened = await rateOf(Array.from({ length: SOCKETS }), OPENING, async () => {
    sockets.push(await openStream(group, group.founder, 1));
  });
  const open = residentBytes(relay.runtimePid);

  const sizes = new Map(sockets.map((socket) => [socket, 1]));
  const delays: number[] = [];
  for (const [i, frame] of appendFrames(group.messages(MESSAGES), 1).entries()) {
    const begun = performance.now();
    const arrivals = sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          socket.onFrame = (bytes) => {
            const size = sizeAfter(bytes);
            // Each is the next entry: none was missed or came twice.
            if (size !== sizes.get(socket)! + 1) reject(new Error(`${size} after ${sizes.get(socket)}`));
            sizes.set(socket, size);
            delays.push(performance.now() - begun);
            resolve();
          };
        }),
    );
    await Promise.all([writer.ask(frame), ...arrivals]);
    expect(sizes.get(sockets[0]!)).toBe(2 + i);
  }

  console.info({
    sockets: SOCKETS,
    openedPerSecond: Math.round(opened),
    deliveries: delays.length,
    deliveryMs: { p50: Math.round(percentile(delays, 0.5)), p99: Math.round(percentile(delays, 0.99)) },
    memory: {
      idleMiB: Math.round(idle / 1_048_576),
      openMiB: Math.round(open / 1_048_576),
      perSocketKiB: Math.round((open - idle) / SOCKETS / 1024),
    },
  });
  expect(delays).toHaveLength(SOCKETS * MESSAGES);
  for (const socket of sockets) socket.close();
});
