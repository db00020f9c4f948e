import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { compileKernels } from '../../scripts/kernels/compile.ts';

test('the kernels that are kept are those that their source compiles to', () => {
  const files = compileKernels();
  expect(files.map(({ path }) => basename(path))).toEqual([
    'erasure-relaxed-simd.wasm',
    'erasure-simd.wasm',
    'erasure-modules.ts',
  ]);
  for (const { path, bytes } of files) expect(Buffer.compare(readFileSync(path), bytes), path).toBe(0);
});
