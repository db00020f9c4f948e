/** `npm run deploy`: checks, bundles, and after asking puts the relay online. The work is in `deploy/`. */
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkBundle } from './deploy/bundle.ts';
import { POLICY_ENVIRONMENT } from './deploy/configuration.ts';
import { deploy, type DeployOptions } from './deploy/deploy.ts';
import { EXIT } from './deploy/exit-codes.ts';

const HELP = `Puts this relay online with wrangler, as wrangler.toml says.

  npm run deploy -- --dry-run         checks configuration and bundle; needs no account and no network
  npm run deploy                      says what it will do, asks, does it
  npm run deploy -- --yes             does not ask, for scripts
  npm run deploy -- --env policies    as [env.policies] says: policies run in isolates, which takes a paid plan
  npm run deploy -- --module FILE     brings a policy with it, for a worker that loads none; may be given again
  npm run deploy -- --key-file PATH   where the relay's key is kept besides (default: .terachat/deploy/NAME.key)

The relay's key is made once. One that the deployment has is never replaced, and none is ever printed.

Exit codes: 0 done · 1 failed · 2 wrong arguments or configuration · 3 not confirmed`;

const options = {
  'dry-run': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  env: { type: 'string' },
  module: { type: 'string', multiple: true },
  'key-file': { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

process.exitCode = await main();

async function main(): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (cause) {
    process.stderr.write(`deploy: ${(cause as Error).message}\n`);
    return EXIT.usage;
  }
  if (values.help) {
    console.log(HELP);
    return EXIT.done;
  }
  const { env: environment } = values;
  if (environment !== undefined && environment !== POLICY_ENVIRONMENT) {
    process.stderr.write(`deploy: there is no environment but ${POLICY_ENVIRONMENT}\n`);
    return EXIT.usage;
  }
  const root = fileURLToPath(new URL('..', import.meta.url));
  const chosen: DeployOptions = {
    config: `${root}wrangler.toml`,
    wrangler: [process.execPath, `${root}node_modules/wrangler/bin/wrangler.js`],
    checkBundle,
    environment,
    modules: values.module ?? [],
    isDryRun: values['dry-run'],
    keyFile: values['key-file'],
    print: (text) => console.log(text),
    confirm: values.yes ? () => Promise.resolve(true) : ask,
  };
  return deploy(chosen);
}

/** Nobody there to ask is no. */
async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.log('Nobody is there to ask; --yes goes on without.');
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
