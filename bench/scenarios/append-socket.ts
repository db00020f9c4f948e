import { verifyRateInWorkerd } from '../floors/verify-floor.ts';
import { openBareAppender } from '../floors/bare-socket.ts';
import { BenchGroup } from '../load/bench-group.ts';
import { answersOfFrames, appendBody, appendFrames, assertReceipts, openStream } from '../load/group-stream.ts';
import type { LoadSocket } from '../load/load-socket.ts';
import { rateOf } from '../load/rate.ts';
import { scaled, type Scenario } from '../scenario.ts';

const IN_FLIGHT = 128;
const EVENTS = 8_000;
const FRAME_EVENTS = 64;
/** Enough that the relay never waits for the client. */
const FRAMES_IN_FLIGHT = 4;
const VERIFICATIONS = 8_000;

/**
 * Single events over one WebSocket. The floor has to do both, one after the other: check each signature, and store each
 * event by a group commit that does nothing else.
 */
export const appendSocket: Scenario = {
  rows: [{ name: `append-ws-${IN_FLIGHT}`, unit: 'events/s', target: 0.8, kind: 'rate' }],
  async open(bench) {
    const group = await BenchGroup.found(bench.relay);
    // Its own entries come back on it: the writer is the one subscriber.
    const socket = await openStream(group, group.founder, 0);
    const bare = await openBareAppender(bench.floors);
    const count = scaled(EVENTS, bench);
    return {
      async round() {
        const messages = group.messages(count);
        const bodies = messages.map((message) => appendBody([message]));
        const verify = await verifyRateInWorkerd(bench.floors, scaled(VERIFICATIONS, bench));
        const store = await rateOf(bodies, IN_FLIGHT, (body) => bare.ask(body));
        const value = await appendRate(socket, appendFrames(messages, 1), { width: IN_FLIGHT, count });
        return [{ value, floor: 1 / (1 / verify + 1 / store) }];
      },
      close() {
        socket.close();
        bare.close();
      },
    };
  },
};

/** Whole frames of events over one WebSocket, beside nothing but the verification of their signatures. */
export const appendFramed: Scenario = {
  rows: [{ name: `append-ws-frames-${FRAME_EVENTS}`, unit: 'events/s', target: 0.5, kind: 'rate' }],
  async open(bench) {
    const group = await BenchGroup.found(bench.relay);
    const socket = await openStream(group, group.founder, 0);
    const count = scaled(EVENTS, bench);
    return {
      async round() {
        const frames = appendFrames(group.messages(count), FRAME_EVENTS);
        const floor = await verifyRateInWorkerd(bench.floors, scaled(VERIFICATIONS, bench));
        const value = await appendRate(socket, frames, { width: FRAMES_IN_FLIGHT, count });
        return [{ value, floor }];
      },
      close: () => socket.close(),
    };
  },
};

/** Events a second, of which `count` are in the frames. Receipts are looked at when the clock has stopped. */
async function appendRate(
  socket: LoadSocket,
  frames: readonly Uint8Array[],
  { width, count }: { readonly width: number; readonly count: number },
): Promise<number> {
  const answers: Uint8Array[] = [];
  const framesPerSecond = await rateOf(frames, width, async (frame) => {
    answers.push(await socket.ask(frame));
  });
  assertReceipts(answersOfFrames(answers), count);
  return (framesPerSecond * count) / frames.length;
}
