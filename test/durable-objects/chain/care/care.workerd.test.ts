import { describe, expect, it, vi } from 'vitest';
import {
  CELL_BYTES,
  DAY_MS,
  equalBytes,
  MAX_UPLOADS,
  nodesFor,
  ok,
  sha256,
  toBase64Url,
} from '../../../../core/index.ts';
import { parseShardPartKey, shardPartKey, type ListRequest, type StorageNode } from '../../../../relay/index.ts';
import { storedBlob } from '../../../../durable-objects/chain/care/care-port.ts';
import { OrphanScan } from '../../../../durable-objects/cluster/orphan-scan.ts';
import { ClusterStore } from '../../../../durable-objects/cluster/store.ts';
import { applyMigrations } from '../../../../durable-objects/migrate.ts';
import { clusterMigrations } from '../../../../migrations/index.ts';
import { damages } from '../../../relay/cluster/stored-blobs.ts';
import { CHAIN, newId, someBytes } from '../../../relay/cluster/test-cluster.ts';
import { TestCluster } from '../../../relay/cluster/test-cluster.workerd.ts';
import { freshObject, withStorage } from '../../storage-of.ts';
import { ALICE, withRig, type CareRig } from './care-rig.workerd.ts';

vi.setConfig({ testTimeout: 120_000 });

const ALL = [0, 1, 2, 3, 4, 5];
const BYTES = someBytes(3 * CELL_BYTES + 41);

/** A round of reading everything, with all that follows from it. */
async function scrub(rig: CareRig, round = 1): Promise<void> {
  rig.care.tend(round);
  await rig.run();
}

describe('scrub and repair', () => {
  it('[CR1] [CR3] [BL10] finds what nodes damaged in every way by reading it, and makes it anew byte for byte', () =>
    withRig(async (rig) => {
      const [row, other] = [await rig.write(BYTES), await rig.write(someBytes(BYTES.length, 2))];
      const place = (blob: typeof row) => storedBlob(CHAIN, blob);
      let round = 0;
      for (const damage of Object.values(damages)) {
        for (const shard of [1, 4]) await damage(rig.cluster, place(row), shard, place(other));
        await scrub(rig, ++round);
        expect(await rig.good(row.id)).toEqual(ALL);
        expect(rig.row(row.id).missing).toEqual([]);
      }
      expect(rig.reports.at(-1)).toMatchObject({ blobs: 2, missing: {}, margin: 2, round });
      expect(rig.reports.at(-1)?.repaired).toBeGreaterThanOrEqual(2 * Object.keys(damages).length);
      expect(await rig.read(row.id)).toEqual(BYTES);
      expect(await rig.orphans()).toEqual([]);
    }));

  it('[CR3] repairs shards of several parts, and what a write could not store, once their nodes are back', () =>
    withRig(async (rig) => {
      const bytes = someBytes(8_900_000);
      rig.cluster.kill([2]);
      const row = await rig.write(bytes);
      expect(row.missing).toHaveLength(1);
      await rig.run();
      expect(rig.reports.at(-1)).toMatchObject({ missing: { n2: 1 }, degraded: 1, margin: 1 });
      rig.cluster.kill([]);
      await scrub(rig);
      expect(rig.row(row.id).missing).toEqual([]);
      expect(await rig.good(row.id)).toEqual(ALL);
    }));

  it('[CR2] looks at what readers report before it believes it', () =>
    withRig(async (rig) => {
      const row = await rig.write(BYTES);
      await rig.take(row.id, 0);
      rig.care.reportDamage(row.id, [0, 3, 77]);
      expect(rig.row(row.id).missing).toEqual([0, 3]);
      await rig.run();
      expect(rig.row(row.id).missing).toEqual([]);
      expect(await rig.good(row.id)).toEqual(ALL);
    }));

  it('[CR3] [SC6] deletes nothing of a blob that too few shards are left of, and repairs it when a node comes back', () =>
    withRig(async (rig) => {
      const row = await rig.write(BYTES);
      const [first, second, third] = [0, 1, 2].map((shard) => Number(rig.holder(row.id, shard).slice(1)));
      rig.cluster.kill([first!, second!, third!]);
      await scrub(rig);
      expect(rig.reports.at(-1)).toMatchObject({ lost: 1, margin: -1, belowQuorum: 0 });
      expect(await rig.read(row.id)).toBe('unavailable');
      rig.cluster.kill([second!, third!]);
      rig.care.tend(2);
      await rig.run();
      expect(rig.reports.at(-1)).toMatchObject({ lost: 0, belowQuorum: 1, margin: 0 });
      expect(await rig.read(row.id)).toEqual(BYTES);
      rig.cluster.kill([]);
      await scrub(rig, 3);
      expect(await rig.good(row.id)).toEqual(ALL);
    }));
});

describe('rest', () => {
  it('[CR8] is nine times what a step took, for all of them together, while members ask', () =>
    withRig(async (rig) => {
      await rig.write(BYTES);
      await rig.run();
      rig.care.tend(1);
      rig.care.asked();
      const begun = rig.now;
      const slow = rig.cluster.nodes[2]!;
      slow.hold = Promise.resolve().then(() => void (rig.now = begun + 100));
      const [first, beside] = [rig.care.steps.scrub(begun), rig.care.steps.repair(begun)];
      // While one works the others look again later.
      expect(await beside).toBe(begun + 1_000);
      await first;
      expect(rig.now).toBe(begun + 100);
      rig.care.tend(2);
      const asked = slow.calls.length;
      expect(await rig.care.steps.repair(rig.now)).toBe(begun + 1_000);
      rig.now = begun + 999;
      expect(await rig.care.steps.scrub(rig.now)).toBe(begun + 1_000);
      expect(slow.calls).toHaveLength(asked);
      rig.now = begun + 1_000;
      await rig.run();
      expect(slow.calls.length).toBeGreaterThan(asked);
      expect(rig.reports.at(-1)).toMatchObject({ round: 2 });
      // Half a minute later nobody is there whom it would disturb.
      rig.now += 30_000;
      rig.care.tend(3);
      slow.hold = Promise.resolve().then(() => void (rig.now += 100));
      await rig.run();
      expect(rig.reports.at(-1)).toMatchObject({ round: 3 });
    }));
});

describe('moving to another placement', () => {
  it('[CR5] [CR6] copies the shards of the node that goes, reads them back, switches, and deletes them there', () =>
    withRig(async (rig) => {
      const rows = [await rig.write(BYTES), await rig.write(someBytes(2_000))];
      rig.replace('n1');
      await scrub(rig);
      for (const { id } of rows) {
        expect(rig.row(id)).toMatchObject({ placement: 2, writtenBy: 1, missing: [] });
        expect(await rig.good(id)).toEqual(ALL);
      }
      expect(await rig.nodes.get('n1')?.keys()).toEqual([]);
      expect(await rig.orphans()).toEqual([]);
      expect(rig.reports.at(-1)).toMatchObject({ placements: { 2: 2 }, leftovers: 0, placement: 2 });
      const written = await rig.write(BYTES);
      expect(rig.row(written.id)).toMatchObject({ placement: 2 });
      expect(await rig.read(rows[0]!.id)).toEqual(BYTES);
    }));

  it('[CR5] computes what can not be copied from a dead node, and asks it to delete for as long as it is configured', () =>
    withRig(async (rig) => {
      const row = await rig.write(BYTES);
      rig.cluster.kill([1]);
      rig.replace('n1');
      await scrub(rig);
      expect(rig.row(row.id)).toMatchObject({ placement: 2, missing: [] });
      expect(await rig.good(row.id)).toEqual(ALL);
      expect(rig.store.leftovers.count).toBe(1);
      // The node returns with what was moved away from it.
      rig.cluster.kill([]);
      expect(await rig.nodes.get('n1')?.keys()).toHaveLength(1);
      await scrub(rig, 2);
      expect(await rig.nodes.get('n1')?.keys()).toEqual([]);
      expect(rig.store.leftovers.count).toBe(0);
    }));

  it('[SC6] [CR6] keeps the old copy while fewer than k + f others are good', () =>
    withRig(async (rig) => {
      const row = await rig.write(BYTES);
      rig.replace('n1');
      const shard = ALL.find((index) => rig.holder(row.id, index) === 'n1')!;
      const others = ALL.filter((index) => index !== shard).slice(0, 2);
      const holders = others.map((index) => Number(rig.holder(row.id, index).slice(1)));
      rig.cluster.kill(holders);
      await scrub(rig);
      expect(rig.row(row.id).placement).toBe(2);
      expect(await rig.nodes.get('n1')?.keys()).toHaveLength(1);
      rig.cluster.kill([]);
      await scrub(rig, 2);
      expect(await rig.nodes.get('n1')?.keys()).toEqual([]);
      expect(await rig.good(row.id)).toEqual(ALL);
    }));

  it('[CR5] leaves a blob where it lies when the spare takes nothing', () =>
    withRig(async (rig) => {
      const row = await rig.write(BYTES);
      rig.nodes.get('spare')!.isDead = true;
      rig.replace('n1');
      await scrub(rig);
      expect(rig.row(row.id).placement).toBe(1);
      expect(await rig.read(row.id)).toEqual(BYTES);
      expect(rig.reports.at(-1)).toMatchObject({ placements: { 1: 1 } });
    }));
});

describe('cutting again', () => {
  const SEVEN = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'spare'];
  const MINUTES = 120_000;

  it('[CR11] [SC7] brings blobs to another n and k, read at any time, and deletes the old shards a little later', () =>
    withRig(async (rig) => {
      const bytes = [BYTES, someBytes(5_900_000)] as const;
      const rows = [await rig.write(bytes[0]), await rig.write(bytes[1])];
      rig.reshape(3, SEVEN);
      await scrub(rig);
      for (const [i, before] of rows.entries()) {
        const row = rig.successor(before);
        const { id } = row;
        expect(id).not.toEqual(before.id);
        expect(row).toMatchObject({ placement: 2, writtenBy: undefined, missing: [] });
        expect(row.descriptor.layout).toMatchObject({ dataShards: 3, totalShards: 7 });
        expect(await rig.good(id)).toEqual([0, 1, 2, 3, 4, 5, 6]);
        const read = await rig.read(id);
        expect(typeof read !== 'string' && equalBytes(read, bytes[i]!)).toBe(true);
      }
      expect(rig.reports.at(-1)).toMatchObject({ placements: { 2: 2 }, missing: {}, margin: 4 });
      // Readers who began before are still at the old shards.
      const keysOf = async () => (await Promise.all([...rig.nodes.values()].map((node) => node.keys()))).flat();
      expect(rig.store.blobs.get(rows[0]!.id)).toBeUndefined();
      expect((await keysOf()).filter((key) => key.split('/')[3] === '1')).not.toEqual([]);
      rig.now += MINUTES;
      await rig.run();
      expect((await keysOf()).filter((key) => key.split('/')[3] === '1')).toEqual([]);
      expect(await rig.orphans()).toEqual([]);
      // And back again, from where it lies now.
      rig.reshape(4, SEVEN.slice(0, 6));
      await scrub(rig, 2);
      const back = rig.successor(rows[0]!);
      expect(back).toMatchObject({ placement: 3, missing: [] });
      expect(await rig.read(back.id)).toEqual(BYTES);
    }));

  it('[CR11] [SC6] leaves a blob where it lies while too few nodes take the new shards, and nothing of the attempt', () =>
    withRig(async (rig) => {
      const row = await rig.write(BYTES);
      rig.reshape(3, SEVEN);
      // Four of seven are left, which read all, and five would have to store.
      rig.cluster.kill([4, 5]);
      rig.nodes.get('spare')!.isDead = true;
      await scrub(rig);
      expect(rig.row(row.id)).toMatchObject({ placement: 1 });
      expect(await rig.read(row.id)).toEqual(BYTES);
      expect(rig.reports.at(-1)).toMatchObject({ placements: { 1: 1 } });
      rig.cluster.kill([]);
      rig.nodes.get('spare')!.isDead = false;
      rig.now += MINUTES;
      await rig.run();
      expect(await rig.orphans()).toEqual([]);
      await scrub(rig, 2);
      const moved = rig.successor(row);
      expect(moved).toMatchObject({ placement: 2, missing: [] });
      rig.now += MINUTES;
      await rig.run();
      expect(await rig.good(moved.id)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    }));
});

describe('a clock', () => {
  it('[TI8] that is set back and forth lets nothing expire before its time, and deletes it once that has come', () =>
    withRig(async (rig) => {
      const { id, expiresAt } = await rig.write(BYTES);
      for (const now of [expiresAt - 1, expiresAt - 40 * DAY_MS, expiresAt - 1]) {
        rig.now = now;
        rig.expire();
        await rig.run();
        expect(await rig.read(id)).toEqual(BYTES);
        expect(await rig.good(id)).toEqual(ALL);
      }
      rig.now = expiresAt;
      rig.expire();
      await rig.run();
      // What was decided stands, whatever the clock says next.
      rig.now = expiresAt - DAY_MS;
      await rig.restart();
      await scrub(rig);
      expect(rig.store.blobs.get(id)).toBeUndefined();
      expect(await rig.objects()).toEqual([]);
    }));
});

describe('what belongs to nothing', () => {
  it('[CR7] is told from what a chain keeps, and what a node brings back of a deleted blob is not', () =>
    withRig(async (rig) => {
      const [kept, deleted] = [await rig.write(BYTES), await rig.write(BYTES)];
      expect(await rig.orphans()).toEqual([]);
      const stray = shardPartKey({ ...storedBlob(CHAIN, kept), shard: 0, part: 1 });
      const elsewhere = shardPartKey({ ...storedBlob(CHAIN, kept), shard: 0, part: 0 });
      const holder = rig.holder(kept.id, 0);
      const other = rig.holder(kept.id, 1);
      expect(await rig.care.unknownShards(holder, [stray, elsewhere])).toEqual([stray]);
      expect(await rig.care.unknownShards(other, [elsewhere])).toEqual([elsewhere]);
      rig.store.blobs.remove(deleted.id);
      expect(await rig.orphans()).toHaveLength(6);
      await scrub(rig);
      expect(rig.store.blobs.get(deleted.id)).toBeUndefined();
      expect(await rig.orphans()).toHaveLength(6);
    }));
});

const BROKEN = toBase64Url(sha256(new Uint8Array([2])));

/** The next keys after any that was listed, for ever. */
function madeUp({ after }: ListRequest): Awaited<ReturnType<StorageNode['list']>> {
  const first = (parseShardPartKey(after ?? '')?.part ?? 999) + 1;
  const keys = [first, first + 1].map((part) =>
    shardPartKey({ chain: CHAIN, id: new Uint8Array(16), placement: 1, shard: 0, part }),
  );
  return ok({ objects: keys.map((key) => ({ key, size: 1 })), next: keys[1] });
}

describe('the search for orphans', () => {
  it('[CR7] has enough of a node that lists without end, and is kept from no other by it, nor by a chain that can not be asked', () =>
    withStorage(freshObject('KEEPER'), async (storage) => {
      applyMigrations(storage, clusterMigrations);
      const store = new ClusterStore(storage.sql);
      const cluster = new TestCluster(2, 4);
      const asked: string[] = [];
      cluster.nodes[0]!.list = async (page) => madeUp(page);
      const place = { id: newId(), placement: 1, shard: 1, part: 0 };
      const left = shardPartKey({ ...place, chain: CHAIN });
      const ofBroken = shardPartKey({ ...place, chain: sha256(new Uint8Array([2])) as typeof CHAIN });
      const object = { bytes: someBytes(9), sha256: sha256(someBytes(9)), expiresAt: Date.now() + DAY_MS };
      for (const key of [left, ofBroken]) await cluster.nodes[1]!.put(key, object);
      const scan = new OrphanScan(
        {
          storage,
          store,
          ask: async (chain, node, keys) => {
            asked.push(node);
            if (chain === BROKEN) throw new Error('it is broken');
            return keys;
          },
          nodes: () => ['n0', 'n1'],
        },
        { pages: 5, orphans: 100 },
      );
      scan.begin();
      const now = Date.now();
      let steps = 0;
      while ((await scan.step(cluster, now)) === now) if (++steps > 100) throw new Error('it never ends');
      expect(asked.filter((node) => node === 'n0').length).toBeLessThanOrEqual(5);
      const found = store.orphansSince(now, 1_000).filter(({ node }) => node === 'n1');
      expect(found).toEqual([{ node: 'n1', key: left }]);
    }));
});

describe('what is on its way', () => {
  /** Begun, of one byte each, and found not to be what it should. */
  async function dropUploads(rig: CareRig, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const turn = await rig.attachments.begin(uploadKey(index), 1);
      if (!turn.ok) throw new Error(turn.error.code);
      rig.attachments.drop(turn.value);
    }
  }

  const uploadKey = (index: number) => ({ hash: sha256(new Uint8Array([index])), actor: ALICE.key });

  it('[UP4] [UP5] has its room back once it is dropped, and is deleted when a node that was away comes back', () =>
    withRig(async (rig) => {
      rig.cluster.kill([2]);
      await dropUploads(rig, MAX_UPLOADS);
      await rig.run();
      expect(await rig.attachments.begin(uploadKey(MAX_UPLOADS), 1)).toMatchObject({ ok: true });
      const { id } = rig.store.uploads.find(uploadKey(MAX_UPLOADS))!;
      const key = shardPartKey({ chain: CHAIN, id, placement: 1, shard: 0, part: 0 });
      const object = { bytes: someBytes(9), sha256: sha256(someBytes(9)), expiresAt: rig.now + DAY_MS };
      const name = nodesFor(rig.cluster.placement, id)[0]!;
      await rig.nodes.get(name)!.node.put(key, object);
      rig.now += 3_700_000;
      rig.cluster.kill([0, 1, 2, 3, 4, 5]);
      await rig.run();
      expect(await rig.objects()).toHaveLength(1);
      expect(await rig.orphans()).toEqual([]);
      rig.cluster.kill([]);
      rig.now += 700_000;
      await rig.run();
      expect(await rig.objects()).toEqual([]);
    }));

  it('[CR5] keeps a node from being drained that it is written by, until it is kept or dropped', () =>
    withRig(async (rig) => {
      await rig.attachments.begin(uploadKey(0), 1);
      rig.replace('n3');
      await rig.step('report');
      expect(rig.reports.at(-1)?.placement).toBe(1);
      rig.now += 3_600_000;
      await rig.run();
      await rig.step('report');
      expect(rig.reports.at(-1)?.placement).toBe(2);
    }));

  it('[TI4] [TI8] is not what payloads are forgotten for once another step has buried it', () =>
    withRig(async (rig) => {
      const payloads = rig.hold(3);
      let answer = (): void => undefined;
      const held = new Promise<void>((resolve) => (answer = resolve));
      for (const node of rig.cluster.nodes) node.hold = held;
      const slow = rig.step('segments');
      await vi.waitFor(() => expect(rig.cluster.nodes.every(({ calls }) => calls.length === 1)).toBe(true));
      rig.replace('n3');
      expect(await rig.step('segments')).toBe(rig.now);
      answer();
      await slow;
      rig.now += 120_000;
      await rig.run();
      for (const [index, payload] of payloads.entries()) expect(await rig.payload(index)).toEqual(payload);
    }));

  it('[TI8] asks no more of nodes in one step of deleting than the platform lets it', () =>
    withRig(async (rig) => {
      rig.cluster.kill([0, 1, 2, 3, 4, 5]);
      const large = { placement: 1, blobBytes: 104_857_600 };
      for (let index = 0; index < 9; index++)
        rig.store.tombstones.add({ ...large, blob: newId() }, rig.now, rig.now + DAY_MS);
      // Each node is asked for one object of each blob, and does not answer.
      for (const calls of [24, 48, 54]) {
        await rig.step('tombs');
        expect(rig.cluster.nodes.flatMap((node) => node.calls)).toHaveLength(calls);
      }
    }));
});
