import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VECTOR_FOLDERS, type VectorFiles, type VectorFolder, type Vectors } from './vectors.ts';

/** The folder that `npm run test:conformance` names, or the one beside the repository. */
export function vectorsPath(): string {
  return process.env['TERACHAT_VECTORS'] ?? resolve(import.meta.dirname, '../../../shared/vectors');
}

/**
 * Reads a folder of vectors. A part that is missing is left out, for the run to say so. One that is there without a single
 * vector stays in, empty, for the run to fail; so do all parts of a folder that has none of them.
 */
export function readVectors(path: string): Vectors {
  const present = VECTOR_FOLDERS.filter((name) => existsSync(join(path, name)));
  const expected = present.length === 0 && existsSync(path) ? VECTOR_FOLDERS : present;
  const folders: Partial<Record<VectorFolder, VectorFiles>> = {};
  for (const name of expected) folders[name] = readJsonFiles(join(path, name));
  return { path, folders };
}

function readJsonFiles(folder: string): VectorFiles {
  if (!existsSync(folder)) return {};
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'));
  return Object.fromEntries(paths.sort().map((path) => [path, parseExactly(readFileSync(join(folder, path), 'utf8'))]));
}

/** Vectors hold uint64 values that a JS number would round. */
function parseExactly(json: string): unknown {
  return JSON.parse(json.replace(/(:\s*)(\d{16,})(?=\s*[,}])/g, '$1"$2"'));
}
