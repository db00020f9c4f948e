import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { checkBundle, type BundleReport } from '../../scripts/deploy/bundle.ts';
import { configurationFaults, readConfiguration, type Configuration } from '../../scripts/deploy/configuration.ts';
import { deploy } from '../../scripts/deploy/deploy.ts';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'deploy-test-'));
/** Beside the real one, since paths in it are relative to it. */
const config = join(root, `wrangler.deploy-test-${process.pid}.toml`);
let nextRun = 0;

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  rmSync(config, { force: true });
});

beforeEach(() => {
  const text = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  writeFileSync(config, text.replace('"localhost.terachat"', '"relay.example"'));
});

interface Account {
  /** What `wrangler secret list` prints, and its exit code. */
  readonly list: string;
  readonly code?: number;
  readonly failsAt?: string;
}

const NO_WORKER: Account = { list: 'This Worker does not exist on your account. [code: 10007]', code: 1 };
const NO_KEY: Account = { list: '[]' };
const HAS_KEY: Account = { list: '[{"name":"RELAY_CHECKPOINT_KEY","type":"secret_text"}]' };

/** A wrangler without a network: it notes what it is told, and answers as the account would. */
function fakeWrangler(folder: string, { list, code = 0, failsAt = '' }: Account): readonly string[] {
  const path = join(folder, 'wrangler.mjs');
  writeFileSync(
    path,
    `import { appendFileSync, readFileSync } from 'node:fs';
const args = process.argv.slice(2, -2).join(' ');
const input = readFileSync(0, 'utf8');
appendFileSync(${JSON.stringify(join(folder, 'calls'))}, JSON.stringify({ args, input }) + '\\n');
if (args === ${JSON.stringify(failsAt)}) { console.error('refused ' + input); process.exit(1); }
if (args.startsWith('secret list')) { console.log(${JSON.stringify(list)}); process.exit(${code}); }
console.log('ok');`,
  );
  chmodSync(path, 0o755);
  return [process.execPath, path];
}

/** The real wrangler's real bundle, made once: it is the same each time. */
let bundled: Promise<BundleReport> | undefined;
const bundleOnce = (path: string): Promise<BundleReport> => (bundled ??= checkBundle(path));

async function run(account: Account, options: { isDryRun?: boolean; confirms?: boolean; keyFile?: string } = {}) {
  const folder = mkdtempSync(join(scratch, `run-${nextRun++}-`));
  const printed: string[] = [];
  const keyFile = options.keyFile ?? join(folder, 'kept', 'relay.key');
  const exit = await deploy({
    config,
    wrangler: fakeWrangler(folder, account),
    checkBundle: bundleOnce,
    isDryRun: options.isDryRun ?? false,
    keyFile,
    print: (text) => printed.push(text),
    confirm: () => Promise.resolve(options.confirms ?? true),
  });
  const log = join(folder, 'calls');
  const calls = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  return {
    exit,
    keyFile,
    printed: printed.join('\n'),
    calls: calls.map((line) => JSON.parse(line) as { args: string; input: string }),
  };
}

const commandsOf = (calls: readonly { readonly args: string }[]) => calls.map(({ args }) => args);
const LIST = 'secret list --format json';
const PUT = 'secret put RELAY_CHECKPOINT_KEY';

describe('A dry run', () => {
  test('proves the bundle with the real wrangler and touches no account', { timeout: 120_000 }, async () => {
    const { exit, calls, printed, keyFile } = await run(HAS_KEY, { isDryRun: true });
    expect(exit).toBe(0);
    expect(calls).toEqual([]);
    expect(printed).toMatch(/The bundle has [\d,]+ KiB, [\d,]+ compressed; 3,072 are allowed/);
    expect(printed).toContain('as relay.example. Nothing was changed');
    expect(existsSync(keyFile)).toBe(false);
  });

  test('of the repository as it is names what is missing, and ends with 2', { timeout: 120_000 }, async () => {
    writeFileSync(config, readFileSync(join(root, 'wrangler.toml'), 'utf8'));
    const { exit, printed } = await run(HAS_KEY, { isDryRun: true });
    expect(exit).toBe(2);
    expect(printed).toContain("RELAY_NAME is 'localhost.terachat'");
    expect(printed).toContain('The bundle has');
  });
});

describe('A deployment', { timeout: 120_000 }, () => {
  test('of a new worker makes the key once, keeps a copy, and never shows it', async () => {
    for (const account of [NO_WORKER, NO_KEY]) {
      const { exit, calls, printed, keyFile } = await run(account);
      expect(exit).toBe(0);
      expect(commandsOf(calls)).toEqual([LIST, PUT, 'deploy']);
      const key = readFileSync(keyFile, 'utf8').trim();
      expect(calls[1]?.input).toBe(key);
      expect(Buffer.from(key, 'base64url')).toHaveLength(32);
      expect(statSync(keyFile).mode & 0o777).toBe(0o600);
      expect(printed).not.toContain(key);
      expect(JSON.stringify(commandsOf(calls))).not.toContain(key);
    }
  });

  test('never replaces a key', async () => {
    const { exit, calls, keyFile } = await run(HAS_KEY);
    expect(exit).toBe(0);
    expect(commandsOf(calls)).toEqual([LIST, 'deploy']);
    expect(existsSync(keyFile)).toBe(false);
  });

  test('makes no key where it can not tell whether there is one', async () => {
    for (const account of [
      { list: 'Authentication error [code: 10000]', code: 1 },
      { list: 'no JSON' },
      { list: '{}' },
    ]) {
      const { exit, calls, keyFile } = await run(account);
      expect(exit, account.list).toBe(1);
      expect(commandsOf(calls)).toEqual([LIST]);
      expect(existsSync(keyFile)).toBe(false);
    }
  });

  test('goes on with the key of a run that was cut off', async () => {
    const first = await run({ ...NO_WORKER, failsAt: PUT });
    expect(first.exit).toBe(1);
    const key = readFileSync(first.keyFile, 'utf8').trim();
    expect(first.printed).not.toContain(key);
    const second = await run(NO_WORKER, { keyFile: first.keyFile });
    expect([second.exit, second.calls[1]?.input]).toEqual([0, key]);
  });

  test('changes nothing before it is confirmed', async () => {
    const { exit, calls, printed, keyFile } = await run(NO_WORKER, { confirms: false });
    expect(exit).toBe(3);
    expect(commandsOf(calls)).toEqual([LIST]);
    expect(existsSync(keyFile)).toBe(false);
    expect(printed).toContain('make the worker terachat-relay, relay relay.example');
  });
});

describe('A configuration', () => {
  const faultsWith = (change: Partial<Configuration>, variables: Readonly<Record<string, unknown>> = {}) => {
    const good = readConfiguration(config);
    return configurationFaults({ ...good, ...change, variables: { ...good.variables, ...variables } });
  };

  test('that is complete has no fault', () => {
    expect(faultsWith({})).toEqual([]);
  });

  test.each([
    '',
    'localhost.terachat',
    'relay.localhost',
    'relay',
    'printer.local',
    '127.0.0.1',
    'Relay.example',
    'a b.example',
  ])('does not go online as %j', (relayName) => {
    expect(faultsWith({ relayName })).toHaveLength(1);
  });

  test.each([
    ['LIMIT_TICKETS', 'many'],
    ['LIMIT_FACTOR', '1.5'],
    ['ADMISSION', 'opne'],
    ['METRICS_OPEN', 'true'],
    ['RELAY_CHECKPOINT_KEY', 'A'.repeat(43)],
    ['ADDRESS_HEADER', 'x-forwarded-for'],
  ])('with %s = %s does not go online', (variable, value) => {
    const faults = faultsWith({}, { [variable]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(variable);
  });

  test('without a counter of addresses does not go online', () => {
    expect(faultsWith({ addressLimit: undefined })[0]).toContain('ADDRESS_LIMIT');
  });
});
