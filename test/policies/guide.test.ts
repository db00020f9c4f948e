import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Guide } from '../support/guide.ts';

let guide: Guide;

beforeAll(async () => {
  guide = await Guide.open('policies');
  await symlink(join(import.meta.dirname, '../../policies'), join(guide.folder, 'policies'));
});

afterAll(() => guide.close());

test('[PX1] the program of the guide prints what the guide says', async () => {
  const printed = await guide.run('node policy/try.mjs');
  const lines = printed.split('\n').map((line) => line.trim());
  expect(lines).toEqual(['accepted', 'accepted', 'accepted', 'rejected 4', 'accepted', 'alice has 60', '']);
});
