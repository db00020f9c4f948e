import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DAY_MS, HOUR_MS, toBase64Url, type ClusterStatus, type ObjectKey } from '../../../core/index.ts';
import type { RelayEnvironment } from '../../../durable-objects/index.ts';
import { MARKER_BYTES, markerKey, NO_SUMS, totalsOf, type BlobReport } from '../../../relay/index.ts';
import { createRelay } from '../../../workers/relay/app.ts';
import { bytesFor } from '../../durable-objects/bytes-for.ts';
import { problemOf } from './answers.ts';
import { ALICE, BOB, nameOf, signRequest, type Call } from './signed-request.ts';

const bindings = env as unknown as RelayEnvironment & Readonly<Record<string, R2Bucket>>;
const NOW = 1_900_000_000_000;
const relay = createRelay({ clock: () => NOW });
const keeper = bindings.KEEPER.getByName('cluster');
const WAIT = { timeout: 60_000, interval: 50 };

let nonces = 0;

/** As one operator, who is Alice. */
function ask(call: Call, seed = ALICE, changes: Partial<RelayEnvironment> = {}): Promise<Response> {
  const nonce = toBase64Url(bytesFor('nonce', nonces++, 16));
  const request = signRequest(call, NOW, { seed, parameters: { nonce } });
  return relay.fetch(request, { ...bindings, OPERATORS: nameOf(ALICE), ...changes }, {} as ExecutionContext);
}

async function statusOf(response: Response): Promise<ClusterStatus> {
  if (response.status !== 200) throw new Error(await response.text());
  return response.json();
}

const SCRUB = { method: 'POST', path: '/v1/cluster/scrub' };

/** Moves the keeper's clock and lets its jobs run until it says that the round is over. */
async function untilScrubbed(time: number): Promise<ClusterStatus> {
  for (let steps = 0; steps < 100; steps++) {
    await runInDurableObject(keeper, async (object) => {
      object.clock = () => time + steps * 1_000;
      await object.alarm();
    });
    const status = await statusOf(await ask({ path: '/v1/cluster' }));
    if (status.scrub.finishedAt !== null) return status;
  }
  throw new Error('the round does not end');
}

/** As metrics see the cluster, who look at every node at most once a minute. */
async function glanceAt(time: number): Promise<ClusterStatus> {
  const seen = await runInDurableObject(keeper, async (object) => {
    object.clock = () => time;
    await object.alarm();
    return object.glance();
  });
  if (seen === undefined) throw new Error('there is no cluster');
  return seen;
}

/** Of a chain without blobs. */
function reportOf(changes: Partial<BlobReport>): BlobReport {
  const { chains: _, ...none } = totalsOf(NO_SUMS);
  return { ...none, placements: {}, missing: {}, placement: 1, round: 0, ...changes };
}

function forgetChains(): Promise<void> {
  return runInDurableObject(keeper, (_, { storage }) => {
    for (const table of ['retired', 'chains']) storage.sql.exec(`DELETE FROM ${table}`);
    storage.kv.delete('sums');
  });
}

async function scrape(changes: Partial<RelayEnvironment> = {}): Promise<string> {
  const request = new Request('https://relay.example/metrics');
  const answer = await relay.fetch(request, { ...bindings, METRICS_OPEN: 'true', ...changes }, {} as ExecutionContext);
  return answer.text();
}

beforeEach(() => runInDurableObject(keeper, (object) => void (object.clock = () => NOW)));

describe('The cluster', () => {
  test('[CR4] [CR9] [CR10] shows its operators the nodes, and what chains reported', async () => {
    const status = await statusOf(await ask({ path: '/v1/cluster' }));
    expect(status).toMatchObject({
      placement: 1,
      dataShards: 4,
      totalShards: 6,
      faultsBorne: 1,
      fragileDomains: ['account'],
      backlog: 0,
      lossMargin: 2,
    });
    expect(status.nodes.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4, 5].map((index) => `node-${index}`));
    expect(status.nodes[0]).toMatchObject({ kind: 'r2', state: 'active', health: 'up', fault: null });
  });

  test('[CR10] is for operators alone, whose requests are good once', async () => {
    expect(await problemOf(await ask({ path: '/v1/cluster' }, BOB))).toMatchObject({ code: 'operator-required' });
    const nobody = await ask({ path: '/v1/cluster' }, ALICE, { OPERATORS: `${nameOf(ALICE)}, ?` });
    expect(await problemOf(nobody)).toMatchObject({ code: 'operator-required' });
    const signed = signRequest(SCRUB, NOW, { parameters: { nonce: toBase64Url(bytesFor('nonce', 9_999, 16)) } });
    const again = signed.clone();
    const sent = { ...bindings, OPERATORS: nameOf(ALICE) };
    await statusOf(await relay.fetch(signed, sent, {} as ExecutionContext));
    expect(await problemOf(await relay.fetch(again, sent, {} as ExecutionContext))).toMatchObject({
      code: 'nonce-replayed',
    });
    const unsigned = await relay.fetch(new Request('https://relay.example/v1/cluster'), sent, {} as ExecutionContext);
    expect(await problemOf(unsigned)).toMatchObject({ code: 'signature-required' });
  });

  test('[CR10] says where there is no cluster', async () => {
    const answer = await ask({ path: '/v1/cluster' }, ALICE, { CLUSTER: '' });
    const problem = await problemOf(answer);
    expect(problem).toMatchObject({ code: 'no-cluster' });
    expect(problem).not.toHaveProperty('fault');
  });

  test('[CR10] [SC13] tells operators what is wrong with a configuration, and what would be right', async () => {
    const changes = { CLUSTER: bindings.CLUSTER?.replace('"dataShards": 4', '"dataShards": 5') ?? '' };
    const answer = await ask({ path: '/v1/cluster' }, ALICE, changes);
    expect(await problemOf(answer)).toMatchObject({
      code: 'no-cluster',
      fault: expect.stringMatching(/^data-shards: .*This is valid: dataShards 4 with node-0, /) as string,
    });
    expect(await problemOf(await ask({ path: '/v1/cluster' }, BOB, changes))).not.toHaveProperty('fault');
    expect(await scrape(changes)).toContain('terachat_ignored_variables{variable="CLUSTER"} 1');
  });

  test('[OP2] [CR9] stands in the metrics, node by node', async () => {
    const text = await scrape();
    expect(text).toContain('terachat_cluster_node_up{node="node-5"} 1');
    expect(text).toContain('terachat_cluster_backlog_shards 0');
    expect(text).toContain('terachat_cluster_loss_margin 2');
    expect(text).not.toContain('variable="CLUSTER"');
  });

  test('[CR5] [CR10] refuses to drain a node that has no slot, and where no spare could take the place', async () => {
    const drain = (node: string, rest = '') =>
      ask({ method: 'PATCH', path: `/v1/cluster/nodes/${node}?state=draining${rest}` });
    expect(await problemOf(await drain('node-9'))).toMatchObject({ code: 'no-such-node', node: 'node-9' });
    expect(await problemOf(await drain('node-1'))).toMatchObject({ code: 'no-spare-node', node: 'node-1' });
    expect(await problemOf(await drain('node-1', '&replacement=node-2'))).toMatchObject({ code: 'no-spare-node' });
    const misspelt = await ask({ method: 'PATCH', path: '/v1/cluster/nodes/node-1?state=gone' });
    expect(await problemOf(misspelt)).toMatchObject({ code: 'malformed-request' });
  });

  test('[CR8] asks no chain to begin a round while what repairs took is not paid', async () => {
    await statusOf(await ask(SCRUB));
    await runInDurableObject(keeper, async (object) => {
      // Two seconds' worth are there at once.
      object.take(12 * 8_388_608);
      object.clock = () => NOW + 1_000;
      await object.alarm();
    });
    expect((await statusOf(await ask({ path: '/v1/cluster' }))).scrub.finishedAt).toBeNull();
    await untilScrubbed(NOW + 10_000);
  });

  test('[CR7] finds objects of no blob in a round, and deletes those that nobody knows a day later', async () => {
    const chain = toBase64Url(bytesFor('chain', 1, 32));
    const key = `c/${chain}/${toBase64Url(bytesFor('blob', 1, 16))}/1/0/0` as ObjectKey;
    const bucket = bindings['NODE_2'] as R2Bucket;
    for (const name of [key, 'not-ours']) await bucket.put(name, 'left behind');
    const begun = await statusOf(await ask(SCRUB));
    expect(begun.scrub).toMatchObject({ finishedAt: null, chainsBehind: 0 });
    const found = await untilScrubbed(NOW);
    expect(found.scrub.round).toBe(begun.scrub.round);
    await vi.waitFor(async () => {
      await runInDurableObject(keeper, (object) => object.alarm());
      expect(await statusOf(await ask({ path: '/v1/cluster' }))).toMatchObject({ orphans: 1 });
    }, WAIT);
    expect(await bucket.head(key)).not.toBeNull();
    await vi.waitFor(async () => {
      await runInDurableObject(keeper, async (object) => {
        object.clock = () => NOW + 2 * DAY_MS;
        await object.alarm();
      });
      expect(await bucket.head(key)).toBeNull();
    }, WAIT);
    expect(await bucket.head('not-ours')).not.toBeNull();
  });

  test('[CR12] finds a node that lost what it had, has everything read, and at most once a day', async () => {
    const bucket = bindings['NODE_3'] as R2Bucket;
    let time = NOW + 10 * DAY_MS;
    await glanceAt(time);
    const before = await glanceAt((time += 2 * DAY_MS));
    expect(before.nodes[3]).toMatchObject({ health: 'up', fault: null });
    const [marker] = (await bucket.list({ prefix: 'marker/' })).objects;
    await bucket.delete(marker!.key);
    const lost = await glanceAt((time += 60_000));
    expect(lost.nodes.map(({ health }) => health)).toEqual(['up', 'up', 'up', 'losing', 'up', 'up']);
    expect(lost.scrub).toMatchObject({ round: before.scrub.round + 1, finishedAt: null });
    const read = await glanceAt((time += 60_000));
    expect(read.nodes[3]).toMatchObject({ health: 'up', fault: null });
    await bucket.put(marker!.key, 'not what it was given');
    const again = await glanceAt((time += 60_000));
    expect(again.nodes[3]).toMatchObject({ health: 'losing', fault: null });
    expect(again.scrub).toMatchObject({ round: lost.scrub.round });
    expect((await glanceAt((time += DAY_MS))).scrub.round).toBe(lost.scrub.round + 1);
  });

  test('[CR13] says which node another deployment uses too, and deletes no orphan there while it does', async () => {
    const bucket = bindings['NODE_4'] as R2Bucket;
    const start = NOW + 20 * DAY_MS;
    const bytes = bytesFor('marker', 1, MARKER_BYTES);
    const others = markerKey({ bytes });
    const key = `c/${toBase64Url(bytesFor('chain', 2, 32))}/${toBase64Url(bytesFor('blob', 2, 16))}/1/0/0` as ObjectKey;
    await glanceAt(start);
    await bucket.put(key, 'of the other');
    await bucket.put(others, bytes);
    await statusOf(await ask(SCRUB));
    let time = start;
    await vi.waitFor(async () => expect((await glanceAt((time += 60_000))).orphans).toBe(1), WAIT);
    await vi.waitFor(async () => {
      const { nodes } = await glanceAt((time += DAY_MS));
      expect(nodes[4]).toMatchObject({ health: 'down', fault: 'shared' });
    }, WAIT);
    expect(await bucket.head(key)).not.toBeNull();
    await bucket.delete(others);
    await vi.waitFor(async () => {
      await glanceAt((time += DAY_MS));
      expect(await bucket.head(key)).toBeNull();
    }, WAIT);
    expect((await glanceAt((time += DAY_MS))).nodes[4]).toMatchObject({ health: 'up', fault: null });
  });

  test('[CR5] has everything read again later each time while a node is not drained, and sees at once when it is', async () => {
    const start = NOW + 40 * DAY_MS;
    const chain = 'a chain that keeps a copy';
    // Told for all rounds to come, so that none waits for it.
    const report = (leftovers: number): BlobReport => reportOf({ leftovers, round: 1_000_000 });
    await glanceAt(start);
    await runInDurableObject(keeper, (object, { storage }) => {
      storage.sql.exec(`INSERT INTO retired (node, state, since) VALUES ('node-9', 'draining', 2)`);
      object.report(chain, report(1));
    });
    await statusOf(await ask(SCRUB));
    const at = (ms: number) =>
      runInDurableObject(keeper, async (object, { storage }) => {
        object.clock = () => start + ms;
        await object.alarm();
        const [{ state }] = [...storage.sql.exec(`SELECT state FROM retired WHERE node = 'node-9'`)] as [
          { state: string },
        ];
        return { state, round: storage.kv.get<{ number: number }>('round')?.number ?? 0 };
      });
    const begun: number[] = [];
    let { round } = await at(0);
    const look = async (ms: number): Promise<void> => {
      const seen = await at(ms);
      if (seen.round > round) begun.push(ms);
      round = seen.round;
    };
    for (let ms = 0; ms <= 240_000; ms += 10_000) await look(ms);
    expect(begun).toEqual([30_000, 100_000, 230_000]);
    const end = 7 * HOUR_MS;
    for (let ms = HOUR_MS / 4; ms <= end; ms += HOUR_MS / 4) await look(ms);
    const longest = Math.max(...begun.map((ms, i) => ms - (begun[i - 1] ?? 0)));
    expect([longest >= HOUR_MS, longest <= 1.5 * HOUR_MS]).toEqual([true, true]);
    await runInDurableObject(keeper, (object) => void object.report(chain, report(0)));
    expect(await at(end + 60_000)).toEqual({ state: 'drained', round });
    await forgetChains();
  });

  test('[CR14] names a chain that says nothing, ends a round without it, and drains a node that has nothing of it', async () => {
    const start = NOW + 60 * DAY_MS;
    const chain = 'a chain that was never founded';
    await glanceAt(start);
    await runInDurableObject(keeper, (object, { storage }) => {
      storage.sql.exec(`INSERT INTO retired (node, state, since) VALUES ('node-9', 'draining', 1)`);
      object.report(chain, reportOf({ round: 0 }));
    });
    await statusOf(await ask(SCRUB));
    let time = start;
    await vi.waitFor(async () => {
      const { nodes, scrub } = await glanceAt((time += 60_000));
      expect(nodes.at(-1)).toMatchObject({ name: 'node-9', state: 'drained' });
      expect(scrub).toMatchObject({ finishedAt: null, chainsBehind: 1, chainsSilent: 0, silent: [] });
    }, WAIT);
    await vi.waitFor(async () => {
      const { scrub } = await glanceAt((time += DAY_MS));
      expect(scrub).toMatchObject({ chainsBehind: 1, chainsSilent: 1, silent: [{ chain }] });
      expect(scrub.finishedAt).not.toBeNull();
    }, WAIT);
    expect(await scrape()).toContain('terachat_cluster_silent_chains 1');
    await forgetChains();
  });
});
