import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { meterModule, sha256, toHex } from '../../core/index.ts';
import { writePolicyEntry } from '../../scripts/deploy/policy-entry.ts';
import { buildWorker, bundledFiles } from '../../workers/local.ts';
import { verified } from '../core/policy/verified.ts';
import { readSample } from '../policies/sample.ts';

const root = join(import.meta.dirname, '../..');

test('[PX10] policies go into the real bundle as they are metered, under the hash of what was signed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'policy-entry-'));
  const ledger = join(root, 'policies/ledger.wasm');
  const entry = writePolicyEntry(folder, { modules: [ledger, ledger], main: join(root, 'workers/relay/index.ts') });
  const bundle = await buildWorker({ config: join(root, 'wrangler.toml'), folder: join(folder, 'out'), entry });
  const contents = bundledFiles(bundle).map((path) => readFileSync(path));
  const bytes = readSample('ledger');
  const metered = meterModule(verified(bytes));
  expect(contents.filter((content) => content.equals(metered))).toHaveLength(1);
  expect(contents.some((content) => content.includes(toHex(sha256(bytes))))).toBe(true);
  rmSync(folder, { recursive: true, force: true });
});
