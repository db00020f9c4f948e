import { MEDIA_TYPE } from '../../core/index.ts';
import { BenchGroup } from '../load/bench-group.ts';
import { answerOfBody, appendBody, assertReceipts, openStream } from '../load/group-stream.ts';
import { HttpLoad } from '../load/http-load.ts';
import { rateOf } from '../load/rate.ts';
import { scaled, type Scenario } from '../scenario.ts';

const IN_FLIGHT = 32;
const EVENTS = 2_500;

/** Signed events, one a request, on one chain; the floor is the same request to an object that does nothing. */
export const appendHttp: Scenario = {
  rows: [{ name: `append-http-${IN_FLIGHT}`, unit: 'events/s', target: 0.5, kind: 'rate' }],
  async open(bench) {
    const group = await BenchGroup.found(bench.relay);
    const subscriber = await openStream(group, group.founder, 0);
    const relay = new HttpLoad(bench.relay.url, IN_FLIGHT);
    const floors = new HttpLoad(bench.floors.url, IN_FLIGHT);
    const count = scaled(EVENTS, bench);
    return {
      async round() {
        const bodies = group.messages(count).map((message) => appendBody([message]));
        const floor = await rateOf(bodies, IN_FLIGHT, (body) => floors.post('/empty', body, MEDIA_TYPE));
        const answers: Uint8Array[] = [];
        const value = await rateOf(bodies, IN_FLIGHT, async (body) => {
          answers.push(await relay.post(`${group.path}/events`, body, MEDIA_TYPE));
        });
        assertReceipts(answers.map(answerOfBody), count);
        return [{ value, floor }];
      },
      async close() {
        subscriber.close();
        await Promise.all([relay.close(), floors.close()]);
      },
    };
  },
};
