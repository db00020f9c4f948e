import { describe, expect, it, vi } from 'vitest';
import {
  bodyBytes,
  CELL_BYTES,
  concatBytes,
  DAY_MS,
  decodeTrusted,
  equalBytes,
  err,
  HOUR_MS,
  inconsistencyEvidence,
  MAX_UPLOADS,
  nodesFor,
  ok,
  sealBlob,
  sha256,
  toBase64Url,
  type ObjectKey,
  type Result,
} from '../../../../core/index.ts';
import {
  MARKER_BYTES,
  markerKey,
  parseShardPartKey,
  shardPartKey,
  type ListRequest,
  type RelayRefusal,
  type StorageNode,
} from '../../../../relay/index.ts';
import { storedBlob } from '../../../../durable-objects/chain/care/care-port.ts';
import type { BlobRow } from '../../../../durable-objects/chain/store.ts';
import { ColdPayloads } from '../../../../durable-objects/chain/tiers/cold-payloads.ts';
import { NodeWatch } from '../../../../durable-objects/cluster/node-watch.ts';
import { OrphanScan } from '../../../../durable-objects/cluster/orphan-scan.ts';
import { Rounds } from '../../../../durable-objects/cluster/rounds.ts';
import { ClusterStore } from '../../../../durable-objects/cluster/store.ts';
import { applyMigrations } from '../../../../durable-objects/migrate.ts';
import { clusterMigrations } from '../../../../migrations/index.ts';
import { valueOf } from '../../../contracts/storage-node.ts';
import { damages } from '../../../relay/cluster/stored-blobs.ts';
import { CHAIN, newId, someBytes, type TestNode } from '../../../relay/cluster/test-cluster.ts';
import { TestCluster } from '../../../relay/cluster/test-cluster.workerd.ts';
import { freshObject, withStorage } from '../../storage-of.ts';
import { ALICE, withRig, type CareRig } from './care-rig.workerd.ts';

const ALL = [0, 1, 2, 3, 4, 5];
const BYTES = someBytes(3 * CELL_BYTES + 41);

/** Says that it has taken what it has not. */
function lie(node: TestNode): void {
  node.isDead = false;
  node.put = () => Promise.resolve(ok(undefined));
}

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
        for (const shard of [0, 5]) await damage(rig.cluster, place(row), shard, place(other));
        await scrub(rig, ++round);
        expect(await rig.good(row.id)).toEqual(ALL);
        expect(rig.row(row.id).missing).toEqual([]);
      }
      expect(rig.reports.at(-1)).toMatchObject({ blobs: 2, missing: {}, margin: 2, round });
      expect(rig.reports.at(-1)?.repaired).toBeGreaterThanOrEqual(2 * Object.keys(damages).length);
      expect(await rig.read(row.id)).toEqual(BYTES);
      expect(await rig.orphans()).toEqual([]);
      expect(await rig.expiries()).toEqual(new Set([row.expiresAt]));
    }));

  it('[CR3] [CR6] [TI8] repairs, moves and deletes shards of several parts, also those that a write could not store', () =>
    withRig(async (rig) => {
      const bytes = someBytes(8_900_000);
      rig.cluster.kill([2]);
      const row = await rig.write(bytes);
      expect(row.missing).toHaveLength(1);
      await rig.run();
      expect(rig.reports.at(-1)).toMatchObject({ missing: { n2: 1 }, degraded: 1, margin: 1 });
      rig.cluster.kill([]);
      rig.replace('n1');
      await scrub(rig);
      expect(rig.row(row.id)).toMatchObject({ missing: [], placement: 2 });
      expect(await rig.good(row.id)).toEqual(ALL);
      expect(await rig.nodes.get('n1')?.keys()).toEqual([]);
      // A node that stays away for longer than anything is kept is not asked for ever.
      rig.cluster.kill([3]);
      rig.now = row.expiresAt;
      rig.expire();
      await rig.run();
      expect(new Set((await rig.objects()).map(({ name }) => name))).toEqual(new Set(['n3']));
      expect(rig.store.tombstones.has(row.id)).toBe(true);
      rig.now += 30 * DAY_MS;
      await rig.run();
      expect(rig.store.tombstones.has(row.id)).toBe(false);
    }));

  it('[CR2] looks at what readers report before it believes it', () =>
    withRig(async (rig) => {
      const row = await rig.write(BYTES);
      await rig.take(row.id, 0);
      rig.care.reportDamage(row.id, [0, 3, 6, 77]);
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

describe('a blob whose shards contradict each other', () => {
  /** As whoever wrote it committed to them: all are under its root, and the second is of no code with the others. */
  async function contradict(rig: CareRig): Promise<BlobRow> {
    const row = await rig.write(someBytes(2_000));
    const { layout } = row.descriptor;
    const at = (shard: number) => ({
      node: rig.nodes.get(rig.holder(row.id, shard))!,
      key: shardPartKey({ ...storedBlob(CHAIN, row), shard, part: 0 }),
    });
    const bodies = await Promise.all(
      ALL.map(async (shard) => valueOf(await at(shard).node.get(at(shard).key)).slice(0, bodyBytes(layout))),
    );
    bodies[1]![0]! ^= 1;
    const { descriptor, tails } = sealBlob(
      layout,
      bodies.map((body) => sha256(body)),
    );
    for (const shard of ALL) {
      const { node, key } = at(shard);
      const bytes = concatBytes(bodies[shard]!, tails[shard]!);
      valueOf(await node.put(key, { bytes, sha256: sha256(bytes), expiresAt: row.expiresAt }));
    }
    rig.store.blobs.remove(row.id);
    rig.store.blobs.add({ ...row, descriptor });
    return rig.row(row.id);
  }

  it('[BL8] [CR3] is kept as it is with its evidence, whoever finds it, and nothing is made anew of it', () =>
    withRig(async (rig) => {
      const [repaired, moved, read] = [await contradict(rig), await contradict(rig), await contradict(rig)];
      const expectKept = async ({ id, descriptor: { root } }: BlobRow, round: number) => {
        await rig.take(id, 0);
        await scrub(rig, round);
        const { status, placement, evidence } = rig.row(id);
        expect([status, placement]).toEqual(['inconsistent', 1]);
        expect(decodeTrusted(inconsistencyEvidence, evidence!)).toMatchObject({ root, from: [1, 2, 3, 4], shard: 0 });
      };
      await expectKept(repaired, 1);
      // Of the third a cell is damaged, and a reader who computes it has the tail to compare with.
      const place = { index: 0, hash: read.hash, start: 0, end: read.size, expiresAt: read.expiresAt };
      const segment = { first: 0, last: 0, blob: read.id, expiresAt: read.expiresAt, places: [place] };
      await damages['corrupted in a cell']!(rig.cluster, storedBlob(CHAIN, read), 0, storedBlob(CHAIN, moved));
      const cold = new ColdPayloads({
        chain: CHAIN,
        store: rig.store,
        clock: () => rig.now,
        cluster: async () => rig.nodesNow,
        care: () => rig.care,
      });
      vi.spyOn(console, 'error').mockImplementation(() => undefined);
      expect(await cold.read(segment, place)).toMatchObject({ error: { code: 'payload-unavailable', needed: 4 } });
      expect(rig.row(read.id).status).toBe('inconsistent');
      rig.replace(rig.holder(moved.id, 0));
      await expectKept(moved, 2);
      expect(rig.reports.at(-1)).toMatchObject({ blobs: 0, inconsistent: 3, missing: {} });
      expect(await rig.objects()).toHaveLength(5 + 5 + 6);
      expect(await rig.orphans()).toEqual([]);
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

  it('[CR8] is as long as the rate of all repairs says, after the last step of a round too, and after repairs and deletions', () =>
    withRig(async (rig) => {
      const row = await rig.write(someBytes(2_000));
      await rig.run();
      await rig.take(row.id, 2);
      rig.replace(rig.holder(row.id, 0));
      const { layout } = row.descriptor;
      rig.waitMs = 7_000;
      rig.care.tend(1);
      for (const job of ['scrub', 'repair', 'leftovers'] as const) {
        const before = rig.taken;
        expect(await rig.care.steps[job](rig.now), job).toBe(rig.now + 7_000);
        expect(rig.taken - before, job).toBeGreaterThanOrEqual(layout.totalShards * bodyBytes(layout));
      }
      expect(rig.reports.at(-1)?.round).toBe(0);
      expect(await rig.care.steps.scrub(rig.now)).toBeUndefined();
      await rig.care.steps.report(rig.now);
      expect(rig.reports.at(-1)).toMatchObject({ round: 1, repaired: 1 });
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
      expect(await rig.expiries()).toEqual(new Set([rows[0]!.expiresAt]));
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

  it('[SC6] [CR6] keeps the old copy while fewer than k + f others are good, and where it is the shard again', () =>
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
      expect(await rig.orphans()).toEqual([]);
      // The node gets its slot back: what was to be deleted there is the shard again.
      rig.placements.push({ ...rig.placements[0]!, number: 3 });
      await scrub(rig, 2);
      expect(rig.row(row.id).placement).toBe(3);
      rig.cluster.kill([]);
      await scrub(rig, 3);
      expect(await rig.nodes.get('spare')?.keys()).toEqual([]);
      expect(await rig.good(row.id)).toEqual(ALL);
      expect(rig.reports.at(-1)).toMatchObject({ repaired: 0, leftovers: 0 });
      // So it is where the blob turned out to be of no one content: the copy is evidence.
      rig.store.leftovers.keep({ id: row.id, node: 'n1', shard, writtenBy: 1, parts: 1 }, rig.now);
      rig.store.blobs.setStatus(row.id, 'inconsistent', someBytes(8));
      await scrub(rig, 4);
      expect(rig.store.leftovers.count).toBe(0);
      expect(await rig.nodes.get('n1')?.keys()).toHaveLength(1);
    }));

  it('[CR5] leaves a blob where it lies when the spare takes nothing, whatever it says', () =>
    withRig(async (rig) => {
      const row = await rig.write(BYTES);
      rig.nodes.get('spare')!.isDead = true;
      rig.replace('n1');
      await scrub(rig);
      expect(rig.row(row.id).placement).toBe(1);
      lie(rig.nodes.get('spare')!);
      await scrub(rig, 2);
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
      expect(await rig.expiries()).toEqual(new Set([rows[0]!.expiresAt]));
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

  it('[CR11] [SC6] leaves a blob where it lies while too few nodes have the new shards, and nothing of the attempt', () =>
    withRig(async (rig) => {
      const row = await rig.write(BYTES);
      rig.reshape(3, SEVEN);
      // Four of seven are left, which read all, and five would have to store: one more says so.
      rig.cluster.kill([4, 5]);
      const spare = rig.nodes.get('spare')!;
      const { put } = spare;
      lie(spare);
      await scrub(rig);
      expect(rig.row(row.id)).toMatchObject({ placement: 1 });
      expect(await rig.read(row.id)).toEqual(BYTES);
      expect(rig.reports.at(-1)).toMatchObject({ placements: { 1: 1 } });
      rig.cluster.kill([]);
      spare.put = put;
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
  /** What is about to be written, or to be deleted, wherever it lies. */
  async function expectKnown(rig: CareRig, node: string, moved: Uint8Array): Promise<void> {
    const { leftovers, segments, tombstones, uploads } = rig.store;
    const [intended, cut, buried, uploaded] = [newId(), newId(), newId(), newId()];
    const place = { placement: 1, blobBytes: 9 };
    segments.intend({ ...place, first: 0, last: 0, payloadCount: 1, blob: intended, expiresAt: rig.now });
    rig.store.cut = { ...place, blob: cut };
    tombstones.add({ ...place, blob: buried }, rig.now, rig.now);
    const upload = { hash: newId(), actor: newId(), id: uploaded, size: 9, placement: 1, blobExpiresAt: 0, turn: 1 };
    uploads.put({ ...upload, rows: 0, partHashes: new Uint8Array(), missing: [], expiresAt: rig.now });
    leftovers.keep({ id: moved, node, shard: 0, writtenBy: 1, parts: 1 }, rig.now);
    const keys = [intended, cut, buried, uploaded, moved].map((id) =>
      shardPartKey({ chain: CHAIN, id, placement: 1, shard: 0, part: 0 }),
    );
    expect(await rig.care.unknownShards(node, keys)).toEqual([]);
    segments.endIntent();
    rig.store.cut = undefined;
    tombstones.drop({ ...place, blob: buried });
    uploads.remove(upload);
    leftovers.remove({ id: moved, node, shard: 0, writtenBy: 1, parts: 1 });
    expect(await rig.care.unknownShards(node, keys)).toEqual(keys);
  }

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
      // Under another number it is a copy that no row stands for; what is another chain's is for that one to say.
      const older = shardPartKey({ ...storedBlob(CHAIN, kept), placement: 9, shard: 0, part: 0 });
      const foreign = shardPartKey({
        chain: sha256(CHAIN) as typeof CHAIN,
        id: newId(),
        placement: 1,
        shard: 0,
        part: 0,
      });
      expect(await rig.care.unknownShards(holder, [older, foreign, 'not/ours'])).toEqual([older]);
      await expectKnown(rig, other, kept.id);
      rig.store.blobs.remove(deleted.id);
      expect(await rig.orphans()).toHaveLength(6);
      await scrub(rig);
      expect(rig.store.blobs.get(deleted.id)).toBeUndefined();
      expect(await rig.orphans()).toHaveLength(6);
    }));
});

const [BROKEN, HUNG] = [2, 3].map((one) => toBase64Url(sha256(new Uint8Array([one]))));

/** The next keys after any that was listed, for ever. */
function madeUp({ after }: ListRequest): Awaited<ReturnType<StorageNode['list']>> {
  const first = (parseShardPartKey(after ?? '')?.part ?? 999) + 1;
  const keys = [first, first + 1].map((part) =>
    shardPartKey({ chain: CHAIN, id: new Uint8Array(16), placement: 1, shard: 0, part }),
  );
  return ok({ objects: keys.map((key) => ({ key, size: 1 })), next: keys[1] });
}

describe('the search for orphans', () => {
  it('[CR7] [CR13] asks about each once more a day later, and leaves what its chain knows by then, and all where others keep things too', () =>
    withStorage(freshObject('KEEPER'), async (storage) => {
      const cluster = new TestCluster(4, 6);
      const node = cluster.nodes[0]!;
      const place = { chain: CHAIN, id: newId(), placement: 1, shard: 0 };
      const keys = [0, 1].map((part) => shardPartKey({ ...place, part }));
      for (const key of keys) {
        const bytes = someBytes(9);
        valueOf(await node.put(key, { bytes, sha256: sha256(bytes), expiresAt: Date.now() + DAY_MS }));
      }
      let known: readonly string[] = [];
      const store = new ClusterStore(storage);
      const watch = new NodeWatch(storage, new Rounds(storage, store, async () => undefined));
      const scan = new OrphanScan({
        storage,
        store,
        nodes: () => ['n0'],
        isAlone: (name, place) => watch.isAlone(name, place),
        ask: async (_, __, asked) => asked.filter((key) => !known.includes(key)),
      });
      const found = Date.now();
      scan.begin();
      while ((await scan.step(cluster, found)) === found);
      expect(await scan.step(cluster, found + DAY_MS - 1)).toBe(found + DAY_MS);
      expect(await node.keys()).toEqual(keys);
      known = keys.slice(0, 1);
      let now = found;
      const expectSpared = async (): Promise<void> => {
        now += DAY_MS;
        expect(await scan.step(cluster, now)).toBe(now + DAY_MS);
        expect(await node.keys()).toEqual(expect.arrayContaining(keys));
      };
      const bytes = someBytes(MARKER_BYTES);
      const others = markerKey({ bytes });
      valueOf(await node.put(others, { bytes, sha256: sha256(bytes), expiresAt: Date.now() + DAY_MS }));
      await expectSpared();
      valueOf(await node.delete(others));
      // Alone as far as anybody knows, but it does not say so.
      node.list = async () => err({ code: 'unavailable', reason: 'timeout' });
      await expectSpared();
      node.list = (page) => node.node.list(page);
      expect(await scan.step(cluster, now + DAY_MS)).toBeUndefined();
      expect(await node.keys()).toEqual(known);
    }));

  it('[CR7] has enough of a node that lists without end, and is kept from no other by it, nor by chains that can not be asked or hang', () =>
    withStorage(freshObject('KEEPER'), async (storage) => {
      applyMigrations(storage, clusterMigrations);
      const store = new ClusterStore(storage);
      const cluster = new TestCluster(2, 4);
      const asked: string[] = [];
      cluster.nodes[0]!.list = async (page) => madeUp(page);
      const place = { id: newId(), placement: 1, shard: 1, part: 0 };
      const left = shardPartKey({ ...place, chain: CHAIN });
      const [ofBroken, ofHung] = [2, 3].map((one) => {
        return shardPartKey({ ...place, chain: sha256(new Uint8Array([one])) as typeof CHAIN });
      }) as [ObjectKey, ObjectKey];
      const object = { bytes: someBytes(9), sha256: sha256(someBytes(9)), expiresAt: Date.now() + DAY_MS };
      for (const key of [left, ofBroken, ofHung]) await cluster.nodes[1]!.put(key, object);
      const scan = new OrphanScan(
        {
          storage,
          store,
          ask: async (chain, node, keys) => {
            asked.push(node);
            if (chain === BROKEN) throw new Error('it is broken');
            return chain === HUNG ? new Promise(() => undefined) : keys;
          },
          nodes: () => ['n0', 'n1'],
          isAlone: async () => true,
        },
        { pages: 5, orphans: 100, askMs: 50 },
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

  it('[UP5] counts what is begun again, and what is read back to go on with it', () =>
    withRig(async (rig) => {
      const [key, size] = [uploadKey(0), 104_857_600];
      const begun = await untilRefused(() => rig.attachments.begin(key, size));
      expect(begun.refusal).toMatchObject({ code: 'rate-limited', limit: 'uploaded-mib' });
      // 2,048 MiB, and the one that is taken while something is left.
      expect(begun.count).toBe(21);
      rig.now += HOUR_MS / 2;
      const { turn } = rig.store.uploads.find(key)!;
      const hashes = Array.from({ length: 6 }, () => new Uint8Array(32));
      for (let row = 0; row < 10; row++) rig.attachments.noteRow({ ...key, turn }, { row, hashes, missing: [] });
      const resumed = await untilRefused(() => rig.attachments.resume(key, 80 * 1_048_576));
      expect(resumed.refusal).toMatchObject({ code: 'rate-limited' });
      expect(resumed.count).toBeLessThan(15);
    }));

  async function untilRefused(ask: () => Promise<Result<unknown, RelayRefusal>>) {
    for (let count = 0; count < 99; count++) {
      const answer = await ask();
      if (!answer.ok) return { count, refusal: answer.error };
    }
    throw new Error('it was never refused');
  }

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

  it('[CR5] [CR9] is told by a chain that has told nothing yet, or no node would wait for it', () =>
    withRig(async (rig) => {
      await rig.attachments.begin(uploadKey(0), 1);
      await rig.run();
      expect(rig.reports).toMatchObject([{ blobs: 0, placement: 1 }]);
    }));

  it('[TI4] [TI8] is not what payloads are forgotten for once another step has buried it', () =>
    withRig(async (rig) => {
      const payloads = rig.hold(3);
      let answer = (): void => undefined;
      const held = new Promise<void>((resolve) => (answer = resolve));
      for (const node of rig.cluster.nodes) node.hold = held;
      const slow = rig.step('segments');
      await expect.poll(() => rig.cluster.nodes.every(({ calls }) => calls.length === 1)).toBe(true);
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
