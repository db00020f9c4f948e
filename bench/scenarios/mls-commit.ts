import { performance } from 'node:perf_hooks';
import { hashTreeCpuMs } from '../floors/tree-floor.ts';
import { verifyRateInWorkerd } from '../floors/verify-floor.ts';
import { MlsBenchGroup } from '../load/mls-bench-group.ts';
import { cpuMs, untilIdle } from '../load/process-cpu.ts';
import { percentile, type Round } from '../measure.ts';
import { scaled, type Scenario } from '../scenario.ts';
import type { Workbench } from '../workbench.ts';

/** Commits behind one figure: a thread's clock is exact, but a garbage collection may fall into one of them. */
const COMMITS = 3;
const ADDED = 100;
/** Of the leaf, the KeyPackage and the binding, and of the claim's token. */
const SIGNATURES_A_JOINER = 4;
const VERIFIED = 2_000;

/**
 * What new keys for a group cost the relay, by the size of the group. The floor is to hash that group's tree once as the library
 * does, which is what following it without kept hashes takes at the least.
 */
export const mlsCommits: Scenario = {
  rows: [
    { name: 'mls-commit-10', unit: 'ms', target: 5, kind: 'time' },
    { name: 'mls-commit-100', unit: 'ms', target: 1, kind: 'time' },
  ],
  async open(bench) {
    const groups = [await found(10, bench), await found(100, bench)] as const;
    return {
      async round() {
        const [small, large] = [await updateRound(groups[0], bench), await updateRound(groups[1], bench)];
        return [small, withGrowth(large, small)];
      },
      close: nothingLeft,
    };
  },
};

/** The same of a large group, and a hundred who join it at once. */
export const mlsLargeGroup: Scenario = {
  isOptional: true,
  rows: [
    { name: 'mls-commit-1000', unit: 'ms', target: 0.375, kind: 'time' },
    { name: 'mls-add-100', unit: 'ms', target: 10, kind: 'time' },
  ],
  async open(bench) {
    const groups = [await found(100, bench), await found(1_000, bench)] as const;
    return {
      async round() {
        const [small, large] = [await updateRound(groups[0], bench), await updateRound(groups[1], bench)];
        return [withGrowth(large, small), await addRound(groups[1], bench)];
      },
      close: nothingLeft,
    };
  },
};

function found(size: number, bench: Workbench): Promise<MlsBenchGroup> {
  bench.report(`mls-commit-${size}: adding members`);
  return MlsBenchGroup.found(bench.relay, Math.max(2, scaled(size, bench)));
}

async function updateRound(group: MlsBenchGroup, { relay, floors }: Workbench): Promise<Round> {
  const costs: number[] = [];
  let bytes = 0;
  for (let i = 0; i < COMMITS; i++) {
    const update = await group.prepareUpdate();
    bytes = update.made.commit.length + update.made.groupInfo.length;
    await untilIdle(relay.runtimePid);
    const before = cpuMs(relay.runtimePid);
    await group.send(update);
    costs.push(cpuMs(relay.runtimePid) - before);
  }
  const floor = await hashTreeCpuMs(floors, group.tree(), COMMITS);
  return { value: percentile(costs, 0.5), floor, extra: { bytes } };
}

/** How many times the cost of a group that is a tenth as large. */
function withGrowth(round: Round, smaller: Round): Round {
  return { ...round, extra: { ...round.extra, growth: Math.round((10 * round.value) / smaller.value) / 10 } };
}

/** Wall time of the relay's answer, and each joiner's part of the Welcome. They leave again. */
async function addRound(group: MlsBenchGroup, bench: Workbench): Promise<Round> {
  const { relay, floors } = bench;
  const count = scaled(ADDED, bench);
  const addition = await group.prepareAdd(count);
  await untilIdle(relay.runtimePid);
  const startMs = performance.now();
  await group.send(addition);
  const value = performance.now() - startMs;
  await group.send(await group.prepareRemove(addition.added.map(({ actor }) => actor)));
  const floor = (count * SIGNATURES_A_JOINER * 1000) / (await verifyRateInWorkerd(floors, scaled(VERIFIED, bench)));
  const welcomeBytesAJoiner = Math.ceil((addition.made.welcome?.length ?? 0) / count);
  return { value, floor, extra: { welcomeBytesAJoiner } };
}

function nothingLeft(): void {
  // What a scenario founded goes with the workbench.
}
