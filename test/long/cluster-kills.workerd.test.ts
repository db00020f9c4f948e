import { describe, expect, it } from 'vitest';
import { Death, withRig, type CareRig } from '../durable-objects/chain/care/care-rig.workerd.ts';
import type { BlobRow } from '../../durable-objects/chain/store.ts';
import { someBytes } from '../relay/cluster/test-cluster.ts';

const ALL = [0, 1, 2, 3, 4, 5];
const SEVEN = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'spare'];
const ALL_OF_SEVEN = [...ALL, 6];
const BYTES = someBytes(9_000);

describe('a relay that is killed', () => {
  /** Runs it again and again, dead at one step later each time, until it lives through all of them. */
  async function killAtEach(prepare: (rig: CareRig, row: BlobRow) => Promise<void>, shards = ALL): Promise<string[]> {
    for (let at = 0; ; at++) {
      const death = new Death(at);
      await withRig(async (rig) => {
        const row = await rig.write(BYTES);
        await rig.run();
        await prepare(rig, row);
        rig.care.tend(1);
        rig.death = death;
        await rig.run();
        const where = death.passed.at(-1);
        await rig.restart();
        expect(await rig.read(rig.successor(row).id), where).toEqual(BYTES);
        rig.care.tend(2);
        await rig.run();
        const { id, missing } = rig.successor(row);
        expect(await rig.good(id), where).toEqual(shards);
        expect(missing, where).toEqual([]);
        expect(await rig.read(id), where).toEqual(BYTES);
        expect(await rig.orphans(), where).toEqual([]);
      });
      if (!death.hasCome) return death.passed;
    }
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
});
