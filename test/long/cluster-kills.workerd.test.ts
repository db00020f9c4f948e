import { describe, expect, it } from 'vitest';
import { DAY_MS, sha256 } from '../../core/index.ts';
import type { BlobRow } from '../../durable-objects/chain/store.ts';
import { valueOf } from '../contracts/storage-node.ts';
import { ALICE, Death, withRig, type CareRig } from '../durable-objects/chain/care/care-rig.workerd.ts';
import { someBytes } from '../relay/cluster/test-cluster.ts';

const ALL = [0, 1, 2, 3, 4, 5];
const SEVEN = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'spare'];
const ALL_OF_SEVEN = [...ALL, 6];
const BYTES = someBytes(9_000);
/** More than what is deleted waits for what may still arrive, and than a deletion waits to be tried again. */
const MINUTES = 11 * 60_000;

/** Does it again and again, dead at one step later each time, until it lives through all of them. Returns these. */
async function dieAtEach(live: (rig: CareRig, death: Death) => Promise<void>): Promise<string[]> {
  for (let at = 0; ; at++) {
    const death = new Death(at);
    await withRig((rig) => live(rig, death));
    if (!death.hasCome) return death.passed;
  }
}

/** Whatever waits is over, and what the nodes have is what the chain knows, and no object more. */
async function settle(rig: CareRig, objects: number, where: string | undefined): Promise<void> {
  rig.now += MINUTES;
  await rig.run();
  expect(await rig.orphans(), where).toEqual([]);
  expect(await rig.objects(), where).toHaveLength(objects);
}

describe('a relay that is killed', () => {
  async function killAtEach(prepare: (rig: CareRig, row: BlobRow) => Promise<void>, shards = ALL): Promise<string[]> {
    return dieAtEach(async (rig, death) => {
      const row = await rig.write(BYTES);
      await rig.run();
      await prepare(rig, row);
      const before = await shardsThere(rig);
      rig.care.tend(1);
      rig.death = death;
      await rig.run();
      const where = death.passed.at(-1);
      await rig.restart();
      expect(await rig.read(rig.successor(row).id), where).toEqual(BYTES);
      expect(await shardsThere(rig), where).toEqual(expect.arrayContaining(before));
      rig.care.tend(2);
      await rig.run();
      const { id, missing } = rig.successor(row);
      expect(await rig.good(id), where).toEqual(shards);
      expect(missing, where).toEqual([]);
      expect(await rig.read(id), where).toEqual(BYTES);
      await settle(rig, shards.length, where);
    });
  }

  /** Shards of which some node has an object: none goes before another one is there. */
  async function shardsThere(rig: CareRig): Promise<number[]> {
    return [...new Set((await rig.objects()).map(({ key }) => Number(key.split('/')[4])))].sort();
  }

  it('[CR3] at any step of a repair loses nothing and goes on', async () => {
    const steps = await killAtEach(async (rig, { id }) => {
      await rig.take(id, 0);
      await rig.take(id, 5);
    });
    expect(steps.filter((step) => step.startsWith('before putting'))).toHaveLength(2);
  });

  it('[CR5] [CR6] at any step of a drain loses nothing, leaves no orphan, and goes on', async () => {
    const steps = await killAtEach(async (rig) => rig.replace('n3'));
    expect(steps.some((step) => step.startsWith('after putting') && step.endsWith('spare'))).toBe(true);
    expect(steps.some((step) => step.startsWith('after deleting') && step.endsWith('n3'))).toBe(true);
  });

  it('[CR11] at any step of cutting again loses nothing, is readable, leaves no orphan, and goes on', async () => {
    const steps = await killAtEach(async (rig) => rig.reshape(3, SEVEN), ALL_OF_SEVEN);
    expect(steps.filter((step) => step.startsWith('after putting 2/'))).toHaveLength(7);
  });

  it('[TI4] at any step of a flush loses no payload, has none twice, and leaves nothing that is not of its segment', async () => {
    const steps = await dieAtEach(async (rig, death) => {
      const payloads = rig.hold(5);
      const readAll = () => Promise.all(payloads.map((_, index) => rig.payload(index)));
      rig.death = death;
      await rig.run();
      const where = death.passed.at(-1);
      await rig.restart();
      expect(await readAll(), where).toEqual(payloads);
      await rig.run();
      expect(await readAll(), where).toEqual(payloads);
      expect(rig.store.segments.intent, where).toBeUndefined();
      expect(rig.store.segments.overlapping(0, 5, 9), where).toHaveLength(1);
      await settle(rig, ALL.length, where);
    });
    expect(steps.filter((step) => step.startsWith('after putting'))).toHaveLength(6);
  });

  it('[TI7] [TI8] [CR7] at any step of an expiry brings nothing back, not even with all that its nodes had', async () => {
    const steps = await dieAtEach(async (rig, death) => {
      const payloads = rig.hold(2);
      const row = await rig.write(BYTES);
      await rig.run();
      const had = await rig.objects();
      const kept = await Promise.all(had.map(async ({ name, key }) => valueOf(await rig.nodes.get(name)!.get(key))));
      expect(had).toHaveLength(2 * ALL.length);
      rig.now = row.expiresAt;
      rig.care.tend(1);
      rig.death = death;
      rig.expire();
      await rig.run();
      const where = death.passed.at(-1);
      await rig.restart();
      const expectGone = async () => {
        expect(rig.store.blobs.find('attachment', row.hash, rig.now), where).toBeUndefined();
        for (const index of payloads.keys()) expect(await rig.payload(index), where).toBe('nothing');
      };
      await rig.run();
      await expectGone();
      await settle(rig, 0, where);
      expect(rig.store.tombstones.nextDue(), where).toBeUndefined();
      for (const [i, { name, key }] of had.entries()) {
        const bytes = kept[i]!;
        await rig.nodes.get(name)!.put(key, { bytes, sha256: sha256(bytes), expiresAt: Date.now() + DAY_MS });
      }
      rig.care.tend(2);
      await rig.run();
      await expectGone();
      expect(await rig.orphans(), where).toHaveLength(had.length);
    });
    expect(steps.filter((step) => step.startsWith('after deleting'))).toHaveLength(12);
  });
});

describe('an upload that is killed', () => {
  const key = { hash: sha256(BYTES), actor: ALICE.key };
  const kept = (rig: CareRig) => rig.store.blobs.page(undefined, 9);

  it('[UP3] at any step is brought again by the same request, and leaves no orphan', async () => {
    const steps = await dieAtEach(async (rig, death) => {
      rig.death = death;
      await death.survives(rig.upload(BYTES));
      const where = death.passed.at(-1);
      await rig.restart();
      expect(await rig.orphans(), where).toEqual([]);
      expect(await rig.upload(BYTES), where).toBe('kept');
      const rows = kept(rig);
      for (const { id } of rows) expect(await rig.read(id), where).toEqual(BYTES);
      await settle(rig, rows.length * ALL.length, where);
    });
    expect(steps.filter((step) => step.includes('putting'))).toHaveLength(12);
    expect(steps.slice(-2)).toEqual(['before keeping it', 'after keeping it']);
  });

  it('[UP4] at any step and given up is gone an hour later, or kept whole', async () => {
    await dieAtEach(async (rig, death) => {
      rig.death = death;
      await death.survives(rig.upload(BYTES));
      const where = death.passed.at(-1);
      await rig.restart();
      rig.now += 3_600_000;
      await rig.run();
      expect(rig.store.uploads.find(key), where).toBeUndefined();
      expect(kept(rig).length, where).toBe(where === 'after keeping it' ? 1 : 0);
      await settle(rig, kept(rig).length * ALL.length, where);
    });
  });

  it.each([/before noting/, /after noting/, /before putting \S+\/1 /, /before keeping/])(
    '[UP3] %s goes on from the row that is noted',
    async (at) => {
      const death = new Death(at);
      const bytes = someBytes(8_500_001);
      await withRig(async (rig) => {
        rig.death = death;
        expect(await death.survives(rig.upload(bytes))).toBe(false);
        await rig.restart();
        const offset = await rig.attachments.offset({ hash: sha256(bytes), actor: ALICE.key });
        expect(offset.ok && offset.value > 0).toBe(!/before noting/.test(death.passed.at(-1) ?? ''));
        expect(await rig.upload(bytes, offset.ok ? offset.value : 0)).toBe('kept');
        const [row] = kept(rig);
        expect(await rig.good(row!.id)).toEqual(ALL);
        // Two rows and the tail.
        await settle(rig, 3 * ALL.length, death.passed.at(-1));
      });
    },
  );
});
