import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { bundleShim } from '../../scripts/policies/bundle-shim.ts';
import { compilePolicies } from '../../scripts/policies/compile.ts';

test('the policies that are kept are those that their sources compile to', () => {
  const files = compilePolicies();
  expect(files.map(({ path }) => basename(path))).toEqual(['access.wasm', 'approval.wasm', 'ledger.wasm']);
  for (const { path, bytes } of files) expect(Buffer.compare(readFileSync(path), bytes), path).toBe(0);
});

test('what runs in the isolate of a policy is what its source is bundled to', async () => {
  const { path, bytes } = await bundleShim();
  expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
});
