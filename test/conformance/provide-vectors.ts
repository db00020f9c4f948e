import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { readVectors } from './read-vectors.ts';
import { VECTOR_FOLDERS } from './vectors.ts';

/** Runs in Node before all tests: workerd has no file system, so what it is tested with is handed in. */
export function setup(project: TestProject): void {
  const path = process.env['TERACHAT_VECTORS'] ?? resolve(import.meta.dirname, '../../../shared/vectors');
  const vectors = readVectors(path);
  const missing = VECTOR_FOLDERS.filter((folder) => vectors.folders[folder] === undefined);
  if (missing.length > 0) console.warn(`conformance: skipped ${missing.join(', ')}, not in ${path}`);
  project.provide('vectors', vectors);
}
