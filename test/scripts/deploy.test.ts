import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { checkRules } from '../../cli/doctor/relay-folder-deployment.ts';
import { inspectDeployment } from '../../workers/local.ts';
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
  /** What it says then. */
  readonly failsWith?: string;
  /** What `wrangler r2` prints, by its arguments. */
  readonly r2?: Readonly<Record<string, string>>;
}

const NO_WORKER: Account = { list: 'This Worker does not exist on your account. [code: 10007]', code: 1 };
const NO_KEY: Account = { list: '[]' };
const HAS_KEY: Account = { list: '[{"name":"RELAY_CHECKPOINT_KEY","type":"secret_text"}]' };

/** A text as a shell takes it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * A wrangler without a network: it notes what it is told, and answers as the account would. In the language of the shell, since a
 * deployment asks some twenty times, and each Node would start for longer than it answers.
 */
function fakeWrangler(
  folder: string,
  { list, code = 0, failsAt, failsWith = 'refused', r2 = {} }: Account,
): readonly string[] {
  const path = join(folder, 'wrangler');
  const answers = Object.entries(r2).map(([args, text]) => `${quoted(args)}) printf '%s\\n' ${quoted(text)};;`);
  const failure =
    failsAt === undefined ? '' : `${quoted(failsAt)}) printf '%s %s' ${quoted(failsWith)} "$input" >&2; exit 1;;`;
  const script = `
args=$1; shift
while [ $# -gt 2 ]; do args="$args $1"; shift; done
input=$(cat; printf .)
input=\${input%.}
printf '%s\\0%s\\0' "$args" "$input" >> ${quoted(join(folder, 'calls'))}
case "$args" in
${failure}
'secret list'*) printf '%s\\n' ${quoted(list)}; exit ${code};;
${answers.join('\n')}
*) echo ok;;
esac`;
  writeFileSync(path, script);
  return ['sh', path];
}

/** The real wrangler's real bundle, made once: it is the same each time. */
let bundled: Promise<BundleReport> | undefined;
const bundleOnce = (path: string): Promise<BundleReport> => (bundled ??= checkBundle(path));

interface RunOptions {
  readonly isDryRun?: boolean;
  readonly confirms?: boolean;
  readonly keyFile?: string;
  readonly environment?: 'policies';
  readonly modules?: readonly string[];
}

async function run(account: Account, options: RunOptions = {}) {
  const folder = mkdtempSync(join(scratch, `run-${nextRun++}-`));
  const printed: string[] = [];
  const keyFile = options.keyFile ?? join(folder, 'kept', 'relay.key');
  const exit = await deploy({
    config,
    wrangler: fakeWrangler(folder, account),
    checkBundle: bundleOnce,
    isDryRun: options.isDryRun ?? false,
    environment: options.environment,
    modules: options.modules ?? [],
    keyFile,
    print: (text) => printed.push(text),
    confirm: () => Promise.resolve(options.confirms ?? true),
  });
  const log = join(folder, 'calls');
  const noted = existsSync(log) ? readFileSync(log, 'utf8').split('\0').slice(0, -1) : [];
  return {
    exit,
    keyFile,
    printed: printed.join('\n'),
    calls: noted.flatMap((args, i) => (i % 2 === 0 ? [{ args, input: noted[i + 1] ?? '' }] : [])),
  };
}

/** But those about buckets, which have a test of their own. */
const commandsOf = (calls: readonly { readonly args: string }[]) =>
  calls.map(({ args }) => args).filter((args) => !args.startsWith('r2 '));
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
      expect(calls.find(({ args }) => args === PUT)?.input).toBe(key);
      expect(Buffer.from(key, 'base64url')).toHaveLength(32);
      expect(statSync(keyFile).mode & 0o777).toBe(0o600);
      expect(printed).not.toContain(key);
      expect(printed).toContain('trust no policy modules: REGISTRY is not set');
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
      { list: '\u001b[31mAuthentication error\u001b[0m [code: 10000]', code: 1 },
      { list: 'no JSON' },
      { list: '{}' },
    ]) {
      const { exit, calls, keyFile, printed } = await run(account);
      expect(exit, account.list).toBe(1);
      expect(printed).not.toContain('\u001b');
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
    expect([second.exit, second.calls.find(({ args }) => args === PUT)?.input]).toEqual([0, key]);
  });

  test('changes nothing before it is confirmed', async () => {
    const { exit, calls, printed, keyFile } = await run(NO_WORKER, { confirms: false });
    expect(exit).toBe(3);
    expect(commandsOf(calls)).toEqual([LIST]);
    expect(existsSync(keyFile)).toBe(false);
    expect(printed).toContain('make the worker terachat-relay, relay relay.example');
  });
});

describe('The buckets of storage nodes', { timeout: 120_000 }, () => {
  const NAMES = [0, 1, 2, 3, 4, 5].map((index) => `terachat-node-${index}`);
  const listed = (names: readonly string[]) => names.map((name) => `name:           ${name}`).join('\n\n');
  const rule = () =>
    `${listed(['other'])}\n\nname:     terachat-expiry\nenabled:  Yes\nprefix:   c/\naction:   Expire objects after 31 days`;
  const rulesOf = (names: readonly string[], text: string) =>
    Object.fromEntries(names.map((name) => [`r2 bucket lifecycle list ${name}`, text]));
  const addRule = (name: string) => `r2 bucket lifecycle add ${name} terachat-expiry c/ --expire-days 31 --force`;
  const changes = (calls: readonly { readonly args: string }[]) =>
    calls.map(({ args }) => args).filter((args) => / (create|add|remove) /.test(args) || args === 'deploy');

  test('[SN4] are made before the relay goes online, each with a rule that has the platform delete what is left', async () => {
    const { exit, calls, printed } = await run(HAS_KEY);
    expect(exit).toBe(0);
    const creations = NAMES.map((name) => `r2 bucket create ${name}`);
    expect(changes(calls)).toEqual([...creations, ...NAMES.map(addRule), 'deploy']);
    expect(printed).toContain('make the buckets terachat-node-0');
  });

  test('are left as they are where they are there, and get the rule that is missing', async () => {
    const rules = rulesOf(NAMES.slice(1), rule());
    const { calls } = await run({ ...HAS_KEY, r2: { 'r2 bucket list': listed(NAMES), ...rules } });
    expect(changes(calls)).toEqual([addRule('terachat-node-0'), 'deploy']);
  });

  test('[SN4] get the rule anew where it is switched off, or deletes at another time', async () => {
    const r2 = {
      'r2 bucket list': listed(NAMES),
      ...rulesOf(NAMES, rule()),
      ...rulesOf(['terachat-node-1'], rule().replace('Yes', 'No')),
      ...rulesOf(['terachat-node-4'], rule().replace('31 days', '3 days')),
    };
    const { calls, printed } = await run({ ...HAS_KEY, r2 });
    expect(printed).toContain('31 days in terachat-node-1, terachat-node-4 again, where the rule is off or altered');
    const removed = (name: string) => `r2 bucket lifecycle remove ${name} --name terachat-expiry`;
    const [first, second] = ['terachat-node-1', 'terachat-node-4'] as const;
    expect(changes(calls)).toEqual([removed(first), removed(second), addRule(first), addRule(second), 'deploy']);
  });

  test('that can not be made keep the relay offline', async () => {
    const { exit, calls } = await run({ ...HAS_KEY, failsAt: 'r2 bucket create terachat-node-3' });
    expect(exit).toBe(1);
    expect(changes(calls)).not.toContain('deploy');
  });
});

describe('The rules of the buckets, as doctor sees them', () => {
  const rules = (name: string, enabled = 'Yes') =>
    [`name:     ${name}`, `enabled:  ${enabled}`, 'prefix:   c/', 'action:   Expire objects after 31 days'].join('\n');
  const listOf = (index: number) => `r2 bucket lifecycle list terachat-node-${index}`;
  const all = (text: string) => Object.fromEntries([0, 1, 2, 3, 4, 5].map((index) => [listOf(index), text]));
  const look = async (account: Partial<Account>) => {
    const folder = mkdtempSync(join(scratch, `doctor-${nextRun++}-`));
    const report = await inspectDeployment({ config, wrangler: fakeWrangler(folder, { ...HAS_KEY, ...account }) });
    return report && checkRules(report);
  };

  test('[SN4] are there, or missing, or switched off, or delete at another time', async () => {
    expect(await look({ r2: all(rules('terachat-expiry')) })).toMatchObject({ name: 'bucket-rules', status: 'ok' });
    const one = {
      ...all(rules('terachat-expiry')),
      [listOf(3)]: rules('another'),
      [listOf(4)]: rules('terachat-expiry', 'No'),
      [listOf(5)]: rules('terachat-expiry').replace('31 days', '365 days'),
    };
    expect(await look({ r2: one })).toMatchObject({
      status: 'fail',
      found: expect.stringContaining(
        'terachat-node-3: missing, terachat-node-4: disabled, terachat-node-5: altered',
      ) as string,
    });
  });

  test('are not known where the account does not say, which is no pass', async () => {
    const account = { r2: all(rules('terachat-expiry')), failsAt: listOf(2) };
    const found = 'not known for 1 of 6 buckets of relay.example: ';
    expect(await look(account)).toMatchObject({ status: 'warn', found: `${found}refused` });
    const failsWith = '\n\u001b[31m✘ \u001b[41m[\u001b[97mERROR\u001b[41m]\u001b[0m Nobody is logged in. Please go to';
    expect(await look({ ...account, failsWith })).toMatchObject({ found: `${found}Nobody is logged in` });
  });

  test('are asked of no account where no deployment is described', async () => {
    writeFileSync(config, readFileSync(join(root, 'wrangler.toml'), 'utf8'));
    expect(await look({})).toBeUndefined();
  });
});

describe('Nodes of other providers', { timeout: 120_000 }, () => {
  const s3 = {
    name: 'node-5',
    domain: 'elsewhere',
    kind: 's3',
    endpoint: 'https://s3.example',
    bucket: 'shards',
    region: 'auto',
    accessKeyId: 'id',
    secretAccessKey: 'NODE_5_SECRET',
  };
  const node5 = '{ "name": "node-5", "domain": "account", "kind": "r2", "binding": "NODE_5" }';

  beforeEach(() => {
    const text = readFileSync(config, 'utf8');
    expect(text).toContain(node5);
    writeFileSync(config, text.replace(node5, JSON.stringify(s3)));
  });

  test('[SC13] keep the relay offline while it lacks their secrets, and say how to set them', async () => {
    const { exit, calls, printed } = await run(HAS_KEY);
    expect(exit).toBe(2);
    expect(commandsOf(calls)).toEqual([LIST]);
    expect(printed).toContain('npx wrangler secret put NODE_5_SECRET');
    const list = HAS_KEY.list.replace(']', ',{"name":"NODE_5_SECRET","type":"secret_text"}]');
    expect((await run({ list })).exit).toBe(0);
  });

  test('[SC13] have their secrets nowhere in the configuration, and each bucket is bound', () => {
    const good = readConfiguration(config);
    const faults = configurationFaults({ ...good, variables: { ...good.variables, NODE_5_SECRET: 'word' } });
    expect(faults).toEqual([expect.stringContaining('NODE_5_SECRET is a secret')]);
    const unbound = configurationFaults({ ...good, bindings: ['NODE_0', 'NODE_1', 'NODE_2', 'NODE_3'] });
    expect(unbound).toEqual([expect.stringContaining('NODE_4, which no')]);
  });
});

describe('A configuration', () => {
  const faultsWith = (change: Partial<Configuration>, variables: Readonly<Record<string, unknown>> = {}) => {
    const good = readConfiguration(config);
    return configurationFaults({ ...good, ...change, variables: { ...good.variables, ...variables } });
  };

  test('pins a registry by a chain id, or none', () => {
    expect(faultsWith({}, { REGISTRY: 'A'.repeat(43) })).toEqual([]);
    for (const REGISTRY of ['A'.repeat(42), `${'A'.repeat(42)}B`, 7]) {
      expect(faultsWith({}, { REGISTRY })).toEqual([expect.stringContaining('REGISTRY is no chain id')]);
    }
  });

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
    ['OPERATORS', 'me'],
    ['CLUSTER', '{"nodes":[],"dataShards":1}'],
    ['METRICS_OPEN', 'true'],
    ['RELAY_CHECKPOINT_KEY', 'A'.repeat(43)],
    ['ADDRESS_HEADER', 'x-forwarded-for'],
  ])('with %s = %s does not go online', (variable, value) => {
    const faults = faultsWith({}, { [variable]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(variable);
  });

  test('[SC3] says which cluster near to the one that is refused would be valid', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((name) => ({
      name,
      domain: name,
      kind: 'peer',
      origin: `https://${name}.example`,
    }));
    const [fault] = faultsWith({}, { CLUSTER: JSON.stringify({ nodes, dataShards: 4 }) });
    expect(fault).toMatch(/^CLUSTER is no cluster: .* This is valid: dataShards 2 with a, b, c, d$/);
  });

  test('without a counter of addresses does not go online', () => {
    expect(faultsWith({ addressLimit: undefined })[0]).toContain('ADDRESS_LIMIT');
  });
});

describe('[PX10] Policies', { timeout: 120_000 }, () => {
  const ledger = join(root, 'policies/ledger.wasm');

  test('are loaded by the worker of an environment that says the same as the top of the file', async () => {
    const differing = await run(HAS_KEY, { environment: 'policies' });
    expect([differing.exit, differing.calls]).toEqual([2, []]);
    expect(differing.printed).toContain('[env.policies] says something else of vars than the top');
    writeFileSync(config, readFileSync(config, 'utf8').replaceAll('"localhost.terachat"', '"relay.example"'));
    const { exit, calls, printed } = await run(HAS_KEY, { environment: 'policies' });
    expect(exit).toBe(0);
    expect(commandsOf(calls)).toEqual([`${LIST} --env policies`, 'deploy --env policies']);
    expect(printed).toContain('Policies run in isolates');
  });

  test('are brought by a worker that loads none, and by no other', async () => {
    const { exit, calls, printed } = await run(HAS_KEY, { modules: [ledger] });
    expect(exit).toBe(0);
    expect(commandsOf(calls).at(-1)).toMatch(/^deploy .*\/index\.ts$/);
    expect(printed).toContain(`brings 1 policies with it, and runs no other: ${ledger}`);
    writeFileSync(config, readFileSync(config, 'utf8').replaceAll('"localhost.terachat"', '"relay.example"'));
    const needless = await run(HAS_KEY, { modules: [ledger], environment: 'policies' });
    expect([needless.exit, needless.calls]).toEqual([2, []]);
  });

  test('are none where a file is no policy, and nothing is put online', async () => {
    const { exit, calls, printed } = await run(HAS_KEY, { modules: [join(root, 'package.json')] });
    expect([exit, calls]).toEqual([1, []]);
    expect(printed).toContain('package.json is no policy: magic at byte 0');
  });
});
