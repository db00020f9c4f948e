import { performance } from 'node:perf_hooks';
import { MEDIA_TYPE } from '../../core/index.ts';
import { verifyRateInNode } from '../floors/verify-floor.ts';
import { BenchGroup } from '../load/bench-group.ts';
import { newFollower } from '../load/chain-reader.ts';
import { answerOfBody, appendBody, assertReceipts } from '../load/group-stream.ts';
import { HttpLoad } from '../load/http-load.ts';
import { watchMemory } from '../load/watch-memory.ts';
import { scaled, type Scenario } from '../scenario.ts';

const ENTRIES = 10_000;
const BATCH = 250;
const VERIFICATIONS = 4_000;

/** A client that knows nothing reads a log through the relay and verifies it; beside nothing but its signatures. */
export const catchUp: Scenario = {
  rows: [{ name: `catchup-${ENTRIES}`, unit: 'entries/s', target: 0.7, kind: 'rate' }],
  async open(bench) {
    const group = await BenchGroup.found(bench.relay);
    const size = 1 + (await fill(group, scaled(ENTRIES, bench)));
    return {
      async round() {
        const floor = verifyRateInNode(scaled(VERIFICATIONS, bench));
        const follower = newFollower(bench.relay, group.chain, group.founder);
        const memory = watchMemory();
        const startMs = performance.now();
        await follower.catchUp();
        const elapsedMs = performance.now() - startMs;
        const peak = memory.peakMiB();
        const read = (await follower.current())?.cursor.size;
        if (read !== size) throw new Error(`${read} entries were verified of ${size}`);
        return [{ value: (size * 1000) / elapsedMs, floor, extra: { peakMiB: peak } }];
      },
      close: () => undefined,
    };
  },
};

/** Appends messages in batches; returns how many. */
export async function fill(group: BenchGroup, count: number): Promise<number> {
  const http = new HttpLoad(group.relay.url, 1);
  for (let done = 0; done < count; done += BATCH) {
    const messages = group.messages(Math.min(BATCH, count - done));
    const answer = await http.post(`${group.path}/events`, appendBody(messages), MEDIA_TYPE);
    assertReceipts([answerOfBody(answer)], messages.length);
  }
  await http.close();
  return count;
}
