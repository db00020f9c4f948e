/** Runs every check of `npm run verify`, cheap ones first, and shows the output of those that fail alone. */
import { spawnSync } from 'node:child_process';

const checks = ['format:check', 'layers', 'types', 'lint', 'unused', 'docs:check', 'docs:api', 'test:package', 'test'];

const failed = checks.filter((check) => !passes(check));
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(', ')}`);
  process.exit(1);
}

function passes(check: string): boolean {
  const startedMs = performance.now();
  const run = spawnSync('npm', ['run', '--silent', check], { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (run.error !== undefined) throw run.error;
  const passed = run.status === 0;
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${check.padEnd(14)} ${seconds.padStart(6)} s`);
  if (!passed) console.log(run.stdout + run.stderr);
  return passed;
}
