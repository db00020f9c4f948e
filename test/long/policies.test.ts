import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { compilePolicies } from '../../scripts/policies/compile.ts';

test('the policies that are kept are those that their sources compile to', () => {
  const files = compilePolicies();
  expect(files.map(({ path }) => basename(path))).toEqual(['access.wasm', 'approval.wasm', 'ledger.wasm']);
  for (const { path, bytes } of files) expect(Buffer.compare(readFileSync(path), bytes), path).toBe(0);
});
