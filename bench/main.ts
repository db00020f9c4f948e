import { parseArgs } from 'node:util';
import { useSha256 } from '../core/index.ts';
import { nodeSha256 } from '../sdk/node/index.ts';
import { jsonReport, tableReport } from './report.ts';
import { runBench } from './run-bench.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';

const USAGE_ERROR = 2;
const HELP = `Measures the relay against what this machine can do at all.

  npm run bench                    everything, as a table
  npm run -s bench -- --json       {"results":[{"name","value","unit","floor","ratio"}]}
  npm run bench -- --only NAME,…   some of it
  npm run bench -- --rounds N      rounds behind each median (default: 5)
  npm run bench -- --scale F       how much of its usual work a round does (default: 1)

Names: ${namesOf(scenarios).join(', ')}`;

const options = {
  json: { type: 'boolean', default: false },
  only: { type: 'string' },
  rounds: { type: 'string', default: '5' },
  scale: { type: 'string', default: '1' },
  help: { type: 'boolean', default: false },
} as const;

class UsageError extends Error {}

process.exitCode = await main();

async function main(): Promise<number> {
  useSha256(nodeSha256);
  try {
    const { values } = parseArgs({ options });
    if (values.help) {
      console.log(HELP);
      return 0;
    }
    const rounds = positive('rounds', values.rounds);
    const chosen = choose(values.only);
    const report = (message: string) => process.stderr.write(`${message}\n`);
    const measurements = await runBench({ scenarios: chosen, rounds, scale: positive('scale', values.scale), report });
    console.log(values.json ? jsonReport(measurements) : tableReport(measurements, rounds));
    return 0;
  } catch (cause) {
    if (!(cause instanceof UsageError) && !isParseError(cause)) throw cause;
    process.stderr.write(`bench: ${(cause as Error).message}\n`);
    return USAGE_ERROR;
  }
}

/** Scenarios by the names of their rows; one that measures several things runs whole. */
function choose(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return scenarios.filter(({ isOptional }) => isOptional !== true);
  const wanted = only.split(',');
  const unknown = wanted.find((name) => !namesOf(scenarios).includes(name));
  if (unknown !== undefined)
    throw new UsageError(`'${unknown}' is no name; there are ${namesOf(scenarios).join(', ')}`);
  return scenarios.filter(({ rows }) => rows.some(({ name }) => wanted.includes(name)));
}

function namesOf(all: readonly Scenario[]): readonly string[] {
  return all.flatMap(({ rows }) => rows.map(({ name }) => name));
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name} takes a number above 0`);
  return value;
}

function isParseError(cause: unknown): boolean {
  return cause instanceof TypeError && String((cause as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
}
