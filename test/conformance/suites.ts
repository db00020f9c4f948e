import type { KernelBuild } from '../../core/index.ts';
import { c2spCases } from './c2sp-cases.ts';
import { ed25519Cases } from './ed25519-cases.ts';
import { merkleCases } from './merkle-cases.ts';
import { reedSolomonCases } from './reed-solomon-cases.ts';
import type { ConformanceCase, VectorFiles, VectorFolder } from './vectors.ts';

/** What differs between runtimes is handed in. */
type Suite = (files: VectorFiles, kernelBuilds: readonly KernelBuild[]) => ConformanceCase[];

/** How each folder of vectors becomes cases. */
const SUITES: Readonly<Record<VectorFolder, Suite>> = {
  merkle: merkleCases,
  ed25519: ed25519Cases,
  c2sp: c2spCases,
  'reed-solomon': reedSolomonCases,
};

/** The cases of a folder. One that holds none gets a case that fails: a run that asks nothing proves nothing. */
export function casesOf(
  folder: VectorFolder,
  files: VectorFiles,
  kernelBuilds: readonly KernelBuild[],
): ConformanceCase[] {
  const cases = SUITES[folder](files, kernelBuilds);
  return cases.length > 0 ? cases : [{ name: `${folder} holds vectors`, ask: () => false, expected: true }];
}
