import { describe, expect, test } from 'vitest';
import type { KernelBuild } from '../../core/index.ts';
import { casesOf } from './suites.ts';
import { VECTOR_FOLDERS, type Vectors } from './vectors.ts';

/**
 * Turns the vectors into tests of the runtime that this runs in. `scripts/test-conformance.ts` reads the counts off the
 * titles: `conformance <runtime> <folder>`.
 */
export function registerSuites(
  runtime: string,
  { path, folders }: Vectors,
  kernelBuilds: readonly KernelBuild[],
): void {
  for (const folder of VECTOR_FOLDERS) {
    const files = folders[folder];
    if (files === undefined) {
      console.warn(`conformance: skipped ${folder}, not in ${path}`);
      test.skip(`conformance ${runtime} ${folder}: skipped, ${path} has no ${folder}`, () => undefined);
      continue;
    }
    describe(`conformance ${runtime} ${folder}`, () => {
      for (const { name, ask, expected } of casesOf(folder, files, kernelBuilds))
        test(name, async () => expect(await ask()).toEqual(expected));
    });
  }
}
