import { afterEach, beforeEach, expect, it } from 'vitest';
import { startDemo } from './demo.ts';
import { Terminal } from './terminal.ts';

let terminal: Terminal;

beforeEach(() => {
  terminal = new Terminal();
});

afterEach(() => terminal.close());

it('the demo leaves no process and no folder behind when it is stopped by Ctrl-C', { timeout: 120_000 }, async () => {
  const demo = startDemo(terminal, `exec '${process.execPath}' cli/main.ts demo`);
  await demo.until('✓ the relay answers at');
  expect(demo.folders()).toHaveLength(1);
  // Launcher, workerd and the demo itself, at the least.
  expect(terminal.processes().length).toBeGreaterThanOrEqual(3);
  demo.interrupt();
  demo.interrupt();
  const { code, out, err } = await demo.ended;
  expect(code).toBe(130);
  expect(err).toContain('nothing is left running');
  expect(out).not.toContain('demo ok');
  await terminal.untilNothingRuns();
  expect(demo.folders()).toEqual([]);
});

it('nor when nobody reads any more what it prints', { timeout: 120_000 }, async () => {
  const demo = startDemo(terminal, `'${process.execPath}' cli/main.ts demo | head -n 2`);
  const { out, err } = await demo.ended;
  expect(out).toMatch(/^\n1 {2}\w.*\n$/);
  expect(err).toContain('nothing is left running');
  await terminal.untilNothingRuns();
  expect(demo.folders()).toEqual([]);
});
