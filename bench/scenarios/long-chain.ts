import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { spawnRelay, type SpawnedRelay } from '../../workers/local.ts';
import { BenchGroup } from '../load/bench-group.ts';
import type { CatchUpOrder, CatchUpResult } from '../load/catch-up-process.ts';
import { appendFrames, openStream } from '../load/group-stream.ts';
import { rateOf } from '../load/rate.ts';
import type { Round } from '../measure.ts';
import { scaled, type Scenario } from '../scenario.ts';
import { fill } from './catch-up.ts';

const LONG = 100_000;
const SHORT = 10_000;
const APPENDED = 4_000;
const FRAME_EVENTS = 64;
const FRAMES_IN_FLIGHT = 4;
const CATCH_UP = fileURLToPath(new URL('../load/catch-up-process.ts', import.meta.url));

/**
 * What a log's length costs: waking its object in a relay that was killed, appending to it, and the memory of a client that
 * reads all of it. The floor is a short log each time.
 */
export const longChain: Scenario = {
  isOptional: true,
  rows: [
    { name: `wake-${LONG}`, unit: 'ms', target: 1.5, kind: 'time' },
    { name: `append-at-${LONG}`, unit: 'events/s', target: 0.9, kind: 'rate' },
    { name: `memory-${LONG}`, unit: 'MiB', target: 1.25, kind: 'time' },
  ],
  async open(bench) {
    const folder = mkdtempSync(join(tmpdir(), 'terachat-bench-'));
    let relay = await spawnRelay({ folder, port: 0 });
    const at = (group: BenchGroup): BenchGroup => group.movedTo(relay);
    const [first, short, long] = [
      await BenchGroup.found(relay),
      await BenchGroup.found(relay),
      await BenchGroup.found(relay),
    ];
    await fill(short, scaled(SHORT, bench));
    bench.report(`wake-${LONG}: filling the log`);
    await fill(long, scaled(LONG, bench));
    return {
      async round() {
        await relay.kill();
        relay = await spawnRelay({ folder, port: 0 });
        // The first object of a process also pays for the code that all of them share.
        await wakeMs(at(first));
        const wake = { floor: await wakeMs(at(short)), value: await wakeMs(at(long)) };
        const append = { floor: await appendRate(at(short)), value: await appendRate(at(long)) };
        const memory = { floor: await peakMiB(relay, short), value: await peakMiB(relay, long) };
        return [wake, append, memory] satisfies Round[];
      },
      async close() {
        await relay.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

/** From the ticket's request to the end of a history of nothing: an object that was not in memory comes up for it. */
async function wakeMs(group: BenchGroup): Promise<number> {
  const startMs = performance.now();
  const socket = await openStream(group, group.founder, Number.MAX_SAFE_INTEGER);
  const elapsedMs = performance.now() - startMs;
  socket.close();
  return elapsedMs;
}

async function appendRate(group: BenchGroup): Promise<number> {
  const socket = await openStream(group, group.founder, Number.MAX_SAFE_INTEGER);
  const frames = appendFrames(group.messages(APPENDED), FRAME_EVENTS);
  const rate = await rateOf(frames, FRAMES_IN_FLIGHT, (frame) => socket.ask(frame));
  socket.close();
  return (rate * APPENDED) / frames.length;
}

/** The peak of a process that does nothing but read and verify the log. */
async function peakMiB(relay: SpawnedRelay, { chain, founder }: BenchGroup): Promise<number> {
  const child = fork(CATCH_UP, { execArgv: [], serialization: 'advanced' });
  const { url, name, publicKey } = relay;
  child.send({ url, name, publicKey, chain, seed: founder.seed } satisfies CatchUpOrder);
  const [result] = (await once(child, 'message')) as [CatchUpResult];
  await once(child, 'exit');
  return result.peakMiB;
}
