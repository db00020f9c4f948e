/**
 * npm run test:conformance [FOLDER] [PART…]
 *
 * Runs published vectors (Merkle proofs, Ed25519, C2SP notes, Reed-Solomon, MLS) through core in this Node, in workerd, and in another Node
 * of the machine where there is one; MLS in this Node alone. `PART` is the name of a folder of it, such as
 * `reed-solomon`; all run unless some are named. Prints the counts per folder and runtime; a failure, or a
 * folder without vectors, exits with 1. Vectors that are not there are skipped, in so many words.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { build } from 'esbuild';

interface Count {
  readonly runtime: string;
  readonly folder: string;
  readonly passed: number;
  readonly failures: readonly string[];
}

/** What is read of vitest's JSON report. */
interface VitestReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

const ROOT = resolve(import.meta.dirname, '..');
const FOLDERS = ['merkle', 'ed25519', 'c2sp', 'reed-solomon', 'mls'];
const OLDEST_NODE = 20;
/** Failures named per folder and runtime; the count tells how many there are. */
const MAX_SHOWN_FAILURES = 20;

const named = process.argv.slice(2);
const parts = named.filter((name) => FOLDERS.includes(name));
const folders = parts.length > 0 ? parts : FOLDERS;
const vectors = resolve(named.find((name) => !FOLDERS.includes(name)) ?? join(ROOT, '../shared/vectors'));
if (existsSync(vectors)) process.exitCode = await run();
else console.log(`conformance: skipped, there is no folder ${vectors}`);

async function run(): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'terachat-conformance-'));
  try {
    return report([...countInVitest(join(scratch, 'report.json')), ...(await countInOtherNode(scratch))]);
  } catch (error) {
    console.error(`conformance: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function countInVitest(reportPath: string): Count[] {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const projects = ['--project', 'node', '--project', 'workerd'];
  const groups = ['-t', `conformance \\S+ (${folders.join('|')}) `];
  const args = [
    vitest,
    'run',
    ...projects,
    'test/conformance',
    ...groups,
    '--reporter=json',
    `--outputFile=${reportPath}`,
  ];
  const env = { ...process.env, TERACHAT_VECTORS: vectors };
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (!existsSync(reportPath)) throw new Error('the conformance tests did not run');
  const counts = countsOf(JSON.parse(readFileSync(reportPath, 'utf8')) as VitestReport);
  const isClean = counts.every(({ failures }) => failures.length === 0);
  // A file that could not be loaded has no test that failed.
  if (status !== 0 && isClean) throw new Error('the conformance tests did not all run');
  return counts;
}

/** The tests' group titles are `conformance <runtime> <folder>`. */
function countsOf({ testResults }: VitestReport): Count[] {
  const tests = testResults.flatMap((file) => file.assertionResults);
  const groups = new Set(tests.flatMap(({ ancestorTitles }) => ancestorTitles));
  return [...groups].flatMap((group) => {
    const [kind, runtime = '', folder = ''] = group.split(' ');
    if (kind !== 'conformance' || !folders.includes(folder)) return [];
    const ofGroup = tests.filter(({ ancestorTitles }) => ancestorTitles.includes(group));
    const failures = ofGroup
      .filter(({ status }) => status === 'failed')
      .map(({ title, failureMessages }) => `${title}: ${failureMessages?.[0]?.split('\n')[0] ?? ''}`);
    return [{ runtime, folder, passed: ofGroup.filter(({ status }) => status === 'passed').length, failures }];
  });
}

/** Scripts of a package run on its own Node; the machine's is often older, and the package promises to work there. */
async function countInOtherNode(scratch: string): Promise<Count[]> {
  const node = findOtherNode();
  if (node === undefined) {
    console.log(`conformance: no other Node >= ${OLDEST_NODE} on the PATH to check, skipped`);
    return [];
  }
  const outfile = join(scratch, 'run-suites.mjs');
  const entry = join(ROOT, 'test/conformance/run-suites.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
  const { status, stdout, stderr } = spawnSync(node, ['--no-warnings', outfile, vectors], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${node} could not run the suites\n${stderr}`);
  return (JSON.parse(stdout) as Count[]).filter(({ folder }) => folders.includes(folder));
}

function findOtherNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return folders
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
      const version = (stdout as string | null)?.trim() ?? '';
      return version !== process.version && Number(/^v(\d+)\./.exec(version)?.[1] ?? 0) >= OLDEST_NODE;
    });
}

function report(counts: readonly Count[]): number {
  console.log(`conformance: ${vectors}`);
  let failed = 0;
  for (const folder of folders) {
    const ofFolder = counts.filter((count) => count.folder === folder);
    if (ofFolder.length === 0) console.log(`  ${folder.padEnd(12)} skipped, the folder is missing`);
    for (const { runtime, passed, failures } of ofFolder) {
      failed += failures.length;
      console.log(`  ${folder.padEnd(12)} ${runtime.padEnd(14)} ${passed} agree, ${failures.length} differ`);
      for (const failure of failures.slice(0, MAX_SHOWN_FAILURES)) console.log(`    ${failure}`);
    }
  }
  return failed === 0 && counts.length > 0 ? 0 : 1;
}
