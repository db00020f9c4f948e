import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { mlsCases } from './mls-cases.ts';

/**
 * Read here and in Node alone: these files are a hundred times the size of the other vectors, and would slow down every
 * test file if they were handed in.
 */
const FILES = ['deserialization.json', 'messages.json', 'tree-validation.json'];
const { path } = inject('vectors');
const folder = join(path, 'mls');

if (existsSync(folder)) {
  describe(`conformance node-${process.versions.node} mls`, () => {
    const files = Object.fromEntries(FILES.map((name) => [name, readIfThere(join(folder, name))]));
    test.each(FILES)('%s holds vectors', (name) => expect((files[name] as unknown[]).length).toBeGreaterThan(0));
    for (const { name, ask, expected } of mlsCases(files)) {
      test(name, async () => expect(await ask()).toEqual(expected));
    }
  });
} else {
  test.skip(`conformance node-${process.versions.node} mls: skipped, ${path} has no mls`, () => undefined);
}

function readIfThere(file: string): unknown {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}
