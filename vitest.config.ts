import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const workerdTests = 'test/**/*.workerd.test.ts';
const setupFiles = ['./test/support/import-once.workerd.ts'];
const longTests = ['test/long/**/*.test.ts', 'test/package/**/*.test.ts'];
const lonelyTests = 'test/long/alone/**/*.test.ts';
const longWorkerdTests = 'test/long/**/*.workerd.test.ts';
const nodeTests = 'test/{storage,workers/shard-node}/**/*.workerd.test.ts';

/** Wide, since a loaded machine is no fault: what hangs fails all the same. */
const testTimeout = 30_000;
const hookTimeout = 60_000;
const longTimeout = 1_200_000;

/** Those that run longest, the longest first; by themselves they begin last, since their files are small. */
const longest = ['interleavings', 'fuzz', 'mls-clients-walk', 'cluster-faults', 'client-crash', 'demo'];

/** What takes long begins first, so that no core is idle while the last of it runs. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = longest.findIndex((name) => moduleId.includes(`/test/long/${name}`));
      return index === -1 ? longest.length : index;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Node has no module rule for SQL; in workerd the `[[rules]]` of wrangler.toml do the same. */
const sqlAsText = {
  name: 'sql-as-text',
  enforce: 'pre' as const,
  load(id: string) {
    const path = id.split('?')[0] ?? id;
    return path.endsWith('.sql') ? `export default ${JSON.stringify(readFileSync(path, 'utf8'))};` : undefined;
  },
};

// wrangler.toml demands the secret. An all-zero seed is a key that nobody takes for a real one.
process.env['RELAY_CHECKPOINT_KEY'] ??= 'A'.repeat(43);

/** The deployed worker with the bindings of wrangler.toml, and tests in its isolate. */
const workerd = (): ReturnType<typeof cloudflareTest> =>
  cloudflareTest({
    wrangler: { configPath: './wrangler.toml' },
    // Tests are faster than people, all from one place; limits have tests of their own.
    miniflare: { bindings: { LIMIT_FACTOR: '10000' }, workerLoaders: { POLICY_LOADER: {} } },
  });

/** The deployed shard node with its bindings, and a bucket besides for the nodes that are tested beside it. */
const shardNodeWorkerd = (): ReturnType<typeof cloudflareTest> =>
  cloudflareTest({
    wrangler: { configPath: './workers/shard-node/wrangler.toml' },
    miniflare: { r2Buckets: ['BUCKET'] },
  });

export default defineConfig({
  test: {
    // One more than there are cores, since many tests wait for processes that they have started, or for a clock.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    globalSetup: ['./test/conformance/provide-vectors.ts', './test/model/provide-replay.ts'],
    projects: [
      {
        plugins: [sqlAsText],
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [workerdTests, ...longTests],
          testTimeout,
          hookTimeout,
          // Files share a process, which saves each its own with all that it imports: none may leave anything behind.
          isolate: false,
        },
      },
      {
        // Storage is isolated per file and each file costs about 1.4 s to start: few, larger files.
        plugins: [workerd()],
        test: {
          name: 'workerd',
          include: [workerdTests],
          exclude: [longWorkerdTests, nodeTests],
          testTimeout,
          hookTimeout,
          setupFiles,
        },
      },
      {
        plugins: [shardNodeWorkerd()],
        test: {
          name: 'workerd-nodes',
          include: [nodeTests],
          globalSetup: './test/storage/provide-nodes.ts',
          testTimeout,
          hookTimeout,
          setupFiles,
        },
      },
      {
        plugins: [sqlAsText],
        test: {
          name: 'long',
          include: longTests,
          exclude: [longWorkerdTests, lonelyTests],
          testTimeout: longTimeout,
          hookTimeout,
        },
      },
      {
        plugins: [workerd()],
        test: { name: 'long-workerd', include: [longWorkerdTests], testTimeout: longTimeout, hookTimeout, setupFiles },
      },
      {
        plugins: [sqlAsText],
        // These measure time and memory: one at a time, when the others are done.
        test: {
          name: 'alone',
          include: [lonelyTests],
          testTimeout: longTimeout,
          hookTimeout,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
