import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractConfiguration from 'dependency-cruiser/config-utl/extract-depcruise-config';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Rule that must refuse, importing file, imported module. */
const refused = [
  ['core-layers', 'core/event/clock.ts', '../../relay/index.ts'],
  ['core-layers', 'core/index.ts', './mls/index.ts'],
  ['core-packages', 'core/chain/group.ts', 'ts-mls'],
  ['core-packages', 'core/chain/route.ts', 'hono'],
  ['core-builtins', 'core/chain/digest.ts', 'node:crypto'],
  ['core-mls-packages', 'core/mls/route.ts', 'hono'],
  ['relay-layers', 'relay/append.ts', '../core/bytes/bytes.ts'],
  ['relay-layers', 'relay/shell.ts', '../durable-objects/index.ts'],
  ['relay-packages', 'relay/hash.ts', '@noble/hashes/sha2.js'],
  ['durable-objects-layers', 'durable-objects/chain/relay.ts', '../../relay/append/decide.ts'],
  ['durable-objects-layers', 'durable-objects/chain/route.ts', '../../workers/relay/index.ts'],
  ['durable-objects-builtins', 'durable-objects/chain/disk.ts', 'node:fs'],
  ['storage-layers', 'storage/object.ts', '../durable-objects/index.ts'],
  ['workers-layers', 'workers/relay/object.ts', '../../durable-objects/chain/object.ts'],
  ['workers-layers', 'workers/relay/start.ts', '../local.ts'],
  ['workers-layers', 'workers/relay/client.ts', '../../sdk/index.ts'],
  ['local-relay-layers', 'workers/local/routes.ts', '../relay/index.ts'],
  ['sdk-layers', 'sdk/session.ts', '../relay/index.ts'],
  ['sdk-layers', 'sdk/inner.ts', '../core/bytes/bytes.ts'],
  ['sdk-layers', 'sdk/file.ts', './node/index.ts'],
  ['sdk-builtins', 'sdk/disk.ts', 'node:fs'],
  ['cli-layers', 'cli/commands/send.ts', '../../workers/local.ts'],
  ['cli-layers', 'cli/commands/read.ts', '../../sdk/session.ts'],
  ['cli-layers', 'cli/commands/group.ts', '../../relay/index.ts'],
  ['cli-local-layers', 'cli/commands/serve.ts', '../../workers/relay/index.ts'],
  ['shipped-without-tests', 'sdk/fake.ts', '../test/model/store.ts'],
  ['shipped-without-tests', 'cli/commands/build.ts', '../../scripts/build.ts'],
  ['scripts-without-tests', 'scripts/build.ts', '../test/model/store.ts'],
  ['resolvable', 'core/missing.ts', './nowhere.ts'],
  ['cloudflare-in-workerd-alone', 'sdk/workerd.ts', 'cloudflare:workers'],
] as const;

const allowed = [
  ['core/event/event.ts', '../bytes/bytes.ts'],
  ['core/crypto/sha256.ts', '@noble/hashes/sha2.js'],
  ['core/mls/tree.ts', 'ts-mls'],
  ['core/mls/bytes.ts', '../bytes/bytes.ts'],
  ['relay/commit.ts', '../core/index.ts'],
  ['durable-objects/chain/decide.ts', '../../relay/index.ts'],
  ['durable-objects/chain/verify.ts', 'node:crypto'],
  ['durable-objects/chain/object.ts', 'cloudflare:workers'],
  ['workers/relay/index.ts', '../../durable-objects/index.ts'],
  ['workers/relay/app.ts', 'hono'],
  ['workers/local.ts', 'node:fs'],
  ['sdk/index.ts', '../core/mls/index.ts'],
  ['sdk/node/file-storage.ts', '../storage-port.ts'],
  ['sdk/node/disk.ts', 'node:fs'],
  ['cli/main.ts', './commands/demo.ts'],
  ['cli/commands/demo.ts', '../../workers/local.ts'],
  ['cli/demo/stage.ts', '../../workers/local.ts'],
  ['cli/commands/inbox.ts', '../../sdk/index.ts'],
  ['test/sdk/inner.test.ts', '../../sdk/session.ts'],
  ['bench/floor.ts', '../workers/local.ts'],
] as const;

const cycle = { 'relay/one.ts': `import './other.ts';`, 'relay/other.ts': `import './one.ts';` };
const typeCycle = { 'relay/a.ts': `import type { B } from './b.ts';`, 'relay/b.ts': `import './a.ts';` };

/** Targets that no row above imports from, and the packages, so that everything but `./nowhere.ts` resolves. */
const standing = [
  'core/bytes/bytes.ts',
  'core/mls/index.ts',
  'relay/index.ts',
  'relay/append/decide.ts',
  'durable-objects/index.ts',
  'sdk/node/index.ts',
  'sdk/storage-port.ts',
  'test/model/store.ts',
  'node_modules/ts-mls/index.js',
  'node_modules/hono/index.js',
  'node_modules/@noble/hashes/sha2.js',
];

let root: string;
let violations: ICruiseResult['summary']['violations'];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'layers-'));
  for (const file of standing) await write(file, 'export {};\n');
  for (const [, file, target] of refused) await write(file, `import '${target}';\n`);
  for (const [file, target] of allowed) await write(file, `import '${target}';\n`);
  for (const [file, text] of Object.entries({ ...cycle, ...typeCycle })) await write(file, `${text}\n`);
  violations = await violationsIn(root);
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}

async function violationsIn(baseDir: string): Promise<ICruiseResult['summary']['violations']> {
  const { options, ...ruleSet } = await extractConfiguration(join(import.meta.dirname, '../../.dependency-cruiser.js'));
  const { output } = await cruise(['.'], { ...options, baseDir, validate: true, ruleSet });
  if (typeof output === 'string') throw new Error('the cruise gave a report instead of its result');
  return output.summary.violations;
}

function rulesAgainst(file: string): string[] {
  return violations.filter(({ from }) => from === file).map(({ rule }) => rule.name);
}

describe('the layer rules', () => {
  test.each(refused)('%s refuses that %s imports %s', (rule, file) => {
    expect(rulesAgainst(file)).toEqual([rule]);
  });

  test.each(allowed)('%s may import %s', (file) => {
    expect(rulesAgainst(file)).toEqual([]);
  });

  test('a cycle inside one layer is refused, one that types close is not', () => {
    expect(Object.keys(cycle).flatMap(rulesAgainst)).toEqual(['no-cycles']);
    expect(Object.keys(typeCycle).flatMap(rulesAgainst)).toEqual([]);
  });

  test('no file but the listed ones breaks a rule', () => {
    const listed = new Set<string>([...refused.map(([, file]) => file), ...Object.keys(cycle)]);
    expect(violations.filter(({ from }) => !listed.has(from))).toEqual([]);
  });
});
