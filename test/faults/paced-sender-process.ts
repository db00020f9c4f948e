/**
 * `node paced-sender-process.ts RELAY FOLDER GROUP RATE SECONDS`: a member that sends so many messages a second, whether
 * or not the earlier ones are answered, and prints as JSON how it went once all of them are.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../sdk/index.ts';
import { fileStorage, nodePlatform } from '../../sdk/node/index.ts';

const [relay = '', folder = '', id = '', rate = '', seconds = ''] = process.argv.slice(2);
const storage = fileStorage(folder);
const session = await connect({ relay, storage, ...nodePlatform() });
const group = await session.group(id);
const stop = new AbortController();
// Following live, as an open application does: it needs no request to know what is new.
const following = (async () => {
  for await (const _ of group.messages({ live: true, signal: stop.signal }));
})().catch(() => undefined);
await sleep(500);

const begun = Date.now();
const count = Number(rate) * Number(seconds);
const deliveries: Promise<number>[] = [];
for (let number = 0; number < count; number++) {
  const dueAt = begun + (number * 1000) / Number(rate);
  await sleep(Math.max(0, dueAt - Date.now()));
  deliveries.push(group.send(`message ${number}`).then(() => Date.now() - dueAt));
}
const latencies = (await Promise.all(deliveries)).sort((a, b) => a - b);
stop.abort();
await following;
session.close();
await storage.close();
const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)];
process.stdout.write(`${JSON.stringify({ count, p50: at(0.5), p99: at(0.99), elapsedMs: Date.now() - begun })}\n`);
