import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Terminal } from '../cli/terminal.ts';

let terminal: Terminal;

afterEach(() => {
  terminal.close();
});

describe('the demo', () => {
  it('plays the main job, and every claim of it holds', { timeout: 300_000 }, async () => {
    terminal = new Terminal();
    const { code, out, err } = await terminal.run('demo');
    expect(code, err).toBe(0);
    expect(out.trim().split('\n').at(-1)).toMatch(/^demo ok: 28 claims verified$/);
    expect(out.match(/✓/g)).toHaveLength(28);
  });

  it('leaves no relay and no folder behind when it is interrupted', { timeout: 120_000 }, async () => {
    terminal = new Terminal();
    const demo = terminal.start('demo');
    const begun = await demo.until('the relay answers at');
    const url = /at (http:\S+)/.exec(begun)?.[1] ?? '';
    await sleep(2_000);
    demo.process.kill('SIGINT');
    expect(await demo.ended).toMatchObject({ code: 130 });
    await expect(fetch(url)).rejects.toThrow();
  });

  it('fails by name and keeps its folder when a claim does not hold', { timeout: 120_000 }, async () => {
    terminal = new Terminal();
    const demo = terminal.start('demo');
    const begun = await demo.until('keys of their own');
    expect(begun).toContain('the relay answers at');
    // The relay, launcher and workerd, dies behind its back.
    const { out } = await terminal.shell(`pgrep -P ${demo.process.pid} -f relay-child`);
    process.kill(-Number(out), 'SIGKILL');
    const { code, err } = await demo.ended;
    expect(code).toBe(1);
    expect(err).toMatch(/terachat: /);
    const folder = /kept for a look in (\S+)/.exec(err)?.[1] ?? '';
    expect(existsSync(folder)).toBe(true);
    await terminal.shell(`rm -rf '${folder}'`);
  });
});
