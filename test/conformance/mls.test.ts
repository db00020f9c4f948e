import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MLS_FILES, mlsCases } from './mls-cases.ts';
import { vectorsPath } from './read-vectors.ts';

/** Read in Node alone: these files are a hundred times the size of the other vectors. */
const path = vectorsPath();
const folder = join(path, 'mls');
/**
 * Passive clients take minutes, trees half of one: `npm run test:conformance` names the folder and runs everything, `npm test`
 * leaves out the former and two in three of the rest.
 */
const isWholeRun = process.env['TERACHAT_VECTORS'] !== undefined;
/** One of them is a group of 200 epochs. */
const TIMEOUT_MS = 300_000;
const names = MLS_FILES.filter((name) => isWholeRun || !name.startsWith('passive-client-'));

if (existsSync(folder)) {
  describe(`conformance node-${process.versions.node} mls`, () => {
    const files = Object.fromEntries(names.map((name) => [name, readIfThere(join(folder, name))]));
    test.each(names)('%s holds vectors', (name) => expect((files[name] as unknown[]).length).toBeGreaterThan(0));
    const cases = mlsCases(files).filter((_, index) => isWholeRun || index % 3 === 0);
    for (const { name, ask, expected } of cases) {
      test(name, { timeout: TIMEOUT_MS }, async () => expect(await ask()).toEqual(expected));
    }
  });
} else {
  test.skip(`conformance node-${process.versions.node} mls: skipped, ${path} has no mls`, () => undefined);
}

function readIfThere(file: string): unknown {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}
