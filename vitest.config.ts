import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { readVectors, vectorsPath } from './test/conformance/read-vectors.ts';

const workerdTests = 'test/**/*.workerd.test.ts';
const setupFiles = ['./test/support/set-up.workerd.ts'];
const longTests = ['test/long/**/*.test.ts', 'test/package/**/*.test.ts'];
const lonelyTests = 'test/long/alone/**/*.test.ts';
const longWorkerdTests = 'test/long/**/*.workerd.test.ts';
/** The one keeper of a deployment may still be told of chains whose tests are over: these tests have it to themselves. */
const keeperTests = 'test/workers/relay/cluster*.workerd.test.ts';
const shardNodeTests = 'test/workers/shard-node/**/*.workerd.test.ts';

/** Wide, since a loaded machine is no fault: what hangs fails all the same. */
const patience = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 60_000 } } };
const longPatience = { ...patience, testTimeout: 1_200_000, hookTimeout: 300_000 };

/** Those that run longest, the longest first; by themselves they begin last, since their files are small. */
const longest = [
  'test/long/interleavings',
  'test/long/fuzz',
  'test/long/client-crash',
  'test/long/demo',
  'test/long/mls-clients-walk',
  'test/long/cluster-drill',
  'test/long/cluster-killed',
  'test/long/policy-engines',
  'test/long/revocations',
  'test/long/cluster-faults',
  'test/long/erasure',
  'test/long/kill-appends',
  'test/cli/serve',
  'test/workers/local',
  'test/faults/client-crash',
  'test/stories/trust',
  'test/cli/people',
  'test/stories/recovery',
  'test/stories/guides',
  'test/cli/messages',
  'test/faults/bad-input',
  'test/durable-objects/chain/care',
  'test/storage/contract',
  'test/durable-objects/chain/sockets',
  'test/sdk/group/rotation',
];

/**
 * What takes long begins first, so that no core is idle while the last of it runs. Files that share a process or an isolate stay
 * together: it ends where a file of another project is next.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const shared = [...new Set(sorted.map(({ project }) => project))].filter(({ config }) => !config.isolate);
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = longest.findIndex((name) => moduleId.includes(`/${name}`));
      return index === -1 ? longest.length : index;
    };
    const place = ({ project }: TestSpecification): number => shared.indexOf(project);
    return sorted.toSorted((a, b) => place(a) - place(b) || rank(a) - rank(b));
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

// Tests start many processes, most of which run what others before them have compiled: Miniflare alone takes half a second.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

/** The deployed worker with the bindings of wrangler.toml, and tests in its isolate. */
const workerd = (bindings?: () => Readonly<Record<string, unknown>>): ReturnType<typeof cloudflareTest> =>
  cloudflareTest(() => ({
    wrangler: { configPath: './wrangler.toml' },
    // Tests are faster than people, all from one place; limits have tests of their own.
    miniflare: {
      bindings: { LIMIT_FACTOR: '10000', ...bindings?.() },
      ratelimits: { ADDRESS_LIMIT: { namespace_id: '1001', simple: { limit: 6_000_000, period: 60 } } },
      workerLoaders: { POLICY_LOADER: {} },
      // For the storage nodes that are tested.
      r2Buckets: ['BUCKET'],
    },
  }));

/** Workerd has no file system. What vitest provides would go to every file anew; a binding waits for the one that asks. */
const vectors = () => ({ VECTORS: readVectors(vectorsPath()) });

/** The deployed shard node with its bindings. */
const shardNodeWorkerd = (): ReturnType<typeof cloudflareTest> =>
  cloudflareTest({ wrangler: { configPath: './workers/shard-node/wrangler.toml' } });

export default defineConfig({
  test: {
    // One more than there are cores, since many tests wait for processes that they have started, or for a clock.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    globalSetup: ['./test/model/provide-replay.ts', './test/stories/provide-scratch.ts'],
    projects: [
      {
        plugins: [sqlAsText],
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [workerdTests, ...longTests],
          ...patience,
          // Files share a process, which saves each its own with all that it imports: none may leave anything behind.
          isolate: false,
        },
      },
      {
        plugins: [workerd(vectors)],
        test: {
          name: 'workerd',
          include: [workerdTests],
          exclude: [longWorkerdTests, shardNodeTests, keeperTests],
          globalSetup: './test/storage/provide-nodes.ts',
          ...patience,
          setupFiles,
          // Files share an isolate, since a new one takes longer to load than most of them run.
          isolate: false,
          // Of a cache, each file would be sent all modules once more that its isolate has.
          fsModuleCache: false,
        },
      },
      {
        plugins: [workerd()],
        test: { name: 'workerd-keeper', include: [keeperTests], ...patience, setupFiles },
      },
      {
        plugins: [shardNodeWorkerd()],
        test: { name: 'workerd-nodes', include: [shardNodeTests], ...patience, setupFiles },
      },
      {
        plugins: [sqlAsText],
        test: {
          name: 'long',
          include: longTests,
          exclude: [longWorkerdTests, lonelyTests],
          ...longPatience,
        },
      },
      {
        // Nothing of these is counted by address, which costs a request to another worker for each of theirs.
        plugins: [workerd(() => ({ ADDRESS_HEADER: '' }))],
        test: { name: 'long-workerd', include: [longWorkerdTests], ...longPatience, setupFiles },
      },
      {
        plugins: [sqlAsText],
        // These measure time and memory: one at a time, when the others are done.
        test: {
          name: 'alone',
          include: [lonelyTests],
          ...longPatience,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
