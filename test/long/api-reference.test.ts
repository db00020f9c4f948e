import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

test('the reference of what the package exports is written without a warning: everything says what it promises', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/make-api-reference.ts'], {
    cwd: root,
    encoding: 'utf8',
    timeout: 300_000,
  });
  expect(`${stdout}${stderr}`).not.toContain('warning');
  expect(status).toBe(0);
  for (const module of ['core', 'sdk', 'sdk_node']) {
    expect(existsSync(join(root, `dist/api/modules/${module}.html`)), module).toBe(true);
  }
});
