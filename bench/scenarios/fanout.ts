import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBareAppender, openBareSubscriber } from '../floors/bare-socket.ts';
import { BenchGroup } from '../load/bench-group.ts';
import { appendFrames, openStream, sizeAfter } from '../load/group-stream.ts';
import type { LoadSocket } from '../load/load-socket.ts';
import { rateOf } from '../load/rate.ts';
import { percentile, type Round } from '../measure.ts';
import { scaled, type Scenario } from '../scenario.ts';
import type { Workbench } from '../workbench.ts';

const SUBSCRIBERS = 100;
const IN_FLIGHT = 64;
const EVENTS = 1_500;
const PACED_PER_SECOND = 20;
const PACED_SECONDS = 3;

/** A writer and its hundred readers. `countOf` tells how many entries a frame brought to the reader that it was made for. */
interface Side {
  readonly writer: LoadSocket;
  readonly readers: readonly LoadSocket[];
  countOf(reader: LoadSocket, frame: Uint8Array): number;
}

/**
 * One group, a hundred subscribers: how many entries reach them a second when the writer never waits, and how long an entry
 * takes to each of them when twenty a second are written. The floor is the bare object's group commit and fan-out.
 */
export const fanout: Scenario = {
  rows: [
    { name: `fanout-${SUBSCRIBERS}`, unit: 'deliveries/s', target: 0.7, kind: 'rate' },
    { name: `fanout-${SUBSCRIBERS}-p50`, unit: 'ms', target: 1.5, kind: 'time' },
    { name: `fanout-${SUBSCRIBERS}-p99`, unit: 'ms', target: 1.5, kind: 'time' },
  ],
  async open(bench) {
    const group = await BenchGroup.found(bench.relay);
    const relay = await openRelaySide(group);
    const bare = await openBareSide(bench, appendFrames(group.messages(1), 1)[0] as Uint8Array);
    return {
      async round() {
        const frames = appendFrames(group.messages(scaled(EVENTS, bench)), 1);
        const paced = appendFrames(group.messages(scaled(PACED_PER_SECOND * PACED_SECONDS, bench)), 1);
        const floorRate = await deliveryRate(bare, frames);
        const rate = await deliveryRate(relay, frames);
        const floorDelays = await deliveryDelays(bare, paced);
        const delays = await deliveryDelays(relay, paced);
        const at = (share: number): Round => ({
          value: percentile(delays, share),
          floor: percentile(floorDelays, share),
        });
        return [{ value: rate, floor: floorRate }, at(0.5), at(0.99)];
      },
      close() {
        for (const { writer, readers } of [relay, bare]) for (const socket of [writer, ...readers]) socket.close();
      },
    };
  },
};

async function openRelaySide(group: BenchGroup): Promise<Side> {
  const sizes = new Map<LoadSocket, number>();
  const open = () => openStream(group, group.founder, 1);
  return {
    writer: await openStream(group, group.founder, 1),
    readers: await openAll(open),
    countOf(reader, frame) {
      const size = sizeAfter(frame);
      const before = sizes.get(reader) ?? 1;
      sizes.set(reader, size);
      return size - before;
    },
  };
}

/** The bare object's frames are the appended bytes as they came, all as long as the sample. */
async function openBareSide({ floors }: Workbench, sample: Uint8Array): Promise<Side> {
  const writer = await openBareAppender(floors);
  const readers = await openAll(() => openBareSubscriber(floors));
  return { writer, readers, countOf: (_reader, frame) => Math.round(frame.length / sample.length) };
}

function openAll(open: () => Promise<LoadSocket>): Promise<readonly LoadSocket[]> {
  return Promise.all(Array.from({ length: SUBSCRIBERS }, open));
}

/** Entries a second that reach readers, all of them counted, from the first append to the last delivery. */
async function deliveryRate(side: Side, frames: readonly Uint8Array[]): Promise<number> {
  const startMs = performance.now();
  const delivered = eachReaderGets(side, frames.length, () => undefined);
  await rateOf(frames, IN_FLIGHT, (frame) => side.writer.ask(frame));
  await delivered;
  return (frames.length * SUBSCRIBERS * 1000) / (performance.now() - startMs);
}

/** How long each entry took to each reader, in ms, at a steady pace. */
async function deliveryDelays(side: Side, frames: readonly Uint8Array[]): Promise<readonly number[]> {
  const sentAt: number[] = [];
  const delays: number[] = [];
  const delivered = eachReaderGets(side, frames.length, (i) => delays.push(performance.now() - (sentAt[i] as number)));
  const answers: Promise<unknown>[] = [];
  for (const frame of frames) {
    sentAt.push(performance.now());
    answers.push(side.writer.ask(frame));
    await sleep(1000 / PACED_PER_SECOND);
  }
  await Promise.all([...answers, delivered]);
  return delays;
}

/** Resolves once every reader has `count` more entries; `onEntry` gets the number of each as it comes. */
async function eachReaderGets(side: Side, count: number, onEntry: (i: number) => void): Promise<void> {
  const waits = side.readers.map(
    (reader) =>
      new Promise<void>((resolve) => {
        let got = 0;
        reader.onFrame = (frame) => {
          const end = got + side.countOf(reader, frame);
          while (got < end) onEntry(got++);
          if (got >= count) resolve();
        };
      }),
  );
  await Promise.all(waits);
}
