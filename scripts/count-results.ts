/** `count-results.ts FOLDER RUN…`: adds up vitest's JSON reports and names what failed and what was skipped; see .ci/run. */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

const [folder = '', ...runs] = process.argv.slice(2);
const GIST_LINES = 6;
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
    const name = relative(process.cwd(), file.name);
    const failures = file.assertionResults.filter(({ status }) => status === 'failed');
    passed += file.assertionResults.filter(({ status }) => status === 'passed').length;
    failed += failures.length;
    // The log of a whole run is long, and its end is what is read first.
    for (const { fullName, failureMessages } of failures)
      console.log(`failed: ${name}: ${fullName}\n  ${gist(failureMessages?.[0])}`);
    // A file that could not be loaded, or whose hooks failed, holds no failed test.
    if (failures.length === 0 && file.status === 'failed') {
      failed += 1;
      console.log(`failed: ${name}\n  ${gist(file.message)}`);
    }
    const skipped = file.assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed');
    const [first] = skipped;
    if (first === undefined) continue;
    console.log(`skipped: ${name}: ${skipped.length} tests, the first "${first.fullName}"`);
  }
}

/** The first lines of an error, which say what it is and where. */
function gist(message = ''): string {
  return message.split('\n').slice(0, GIST_LINES).join('\n  ');
}
