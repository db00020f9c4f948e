/** `count-results.ts FOLDER RUN…`: adds up vitest's JSON reports and names what was skipped; see .ci/run. */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const [folder = '', ...runs] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const run of runs) count(run);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** A run that ended badly counts as a failure even where no test did: it was stopped, or failed outside of a test. */
function count(run: string): void {
  const failedBefore = failed;
  const report = `${folder}/${run}.json`;
  if (existsSync(report)) countReport(JSON.parse(readFileSync(report, 'utf8')) as Report);
  const status = readFileSync(`${folder}/${run}.status`, 'utf8').trim();
  if (status === '0' && existsSync(report)) return;
  console.log(`npm run ${run} ended with status ${status}`);
  if (failed === failedBefore) failed += 1;
}

function countReport(report: Report): void {
  for (const file of report.testResults) {
    const statuses = file.assertionResults.map(({ status }) => status);
    const failures = statuses.filter((status) => status === 'failed').length;
    passed += statuses.filter((status) => status === 'passed').length;
    // A file that could not be loaded, or whose hooks failed, holds no failed test.
    failed += failures === 0 && file.status === 'failed' ? 1 : failures;
    const skipped = file.assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed');
    const [first] = skipped;
    if (first === undefined) continue;
    console.log(
      `skipped: ${relative(process.cwd(), file.name)}: ${skipped.length} tests, the first "${first.fullName}"`,
    );
  }
}
