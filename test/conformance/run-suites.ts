import { isDeepStrictEqual } from 'node:util';
import { compileKernelBuilds } from '../../sdk/erasure-kernel.ts';
import { readVectors } from './read-vectors.ts';
import { casesOf } from './suites.ts';
import { VECTOR_FOLDERS, type ConformanceCase } from './vectors.ts';

/**
 * The suites without a test runner, for a Node that is too old for one: bundled, started with the folder as its argument,
 * and answering with one JSON array of counts.
 */
const { folders } = readVectors(process.argv[2] ?? '');
const kernelBuilds = await compileKernelBuilds();
const counts = [];
for (const folder of VECTOR_FOLDERS) {
  const files = folders[folder];
  if (files === undefined) continue;
  const cases = casesOf(folder, files, kernelBuilds);
  const failures = (await Promise.all(cases.map(failureOf))).filter((failure) => failure !== undefined);
  counts.push({ runtime: `node-${process.versions.node}`, folder, passed: cases.length - failures.length, failures });
}
process.stdout.write(JSON.stringify(counts));

async function failureOf({ name, ask, expected }: ConformanceCase): Promise<string | undefined> {
  try {
    const actual = await ask();
    return isDeepStrictEqual(actual, expected) ? undefined : `${name}: got ${JSON.stringify(actual)}`;
  } catch (error) {
    return `${name}: ${String(error)}`;
  }
}
