import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundledDemo, startDemo } from '../cli/demo.ts';
import { Terminal } from '../cli/terminal.ts';

let terminal: Terminal;

beforeEach(() => {
  terminal = new Terminal();
});

afterEach(() => terminal.close());

describe('npm run demo, before its end', () => {
  it('tells programs the same, a document a line, and stopped by Ctrl-C leaves no process and no folder', async () => {
    const demo = startDemo(terminal, 'npm run -s demo -- --json');
    await demo.until('"chapter":2');
    demo.interrupt();
    const { code, out } = await demo.ended;
    // npm and the shell end by the signal itself.
    expect([130, null]).toContain(code);
    const documents = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const claims = documents.filter((document) => 'text' in document);
    expect(claims.length).toBeGreaterThan(0);
    expect(claims.map(({ claim }) => claim)).toEqual(claims.map((_, i) => i + 1));
    const titles = documents.filter((document) => 'title' in document);
    expect(titles.map(({ chapter }) => chapter)).toEqual([1, 2]);
    await terminal.untilNothingRuns();
    expect(demo.folders()).toEqual([]);
  });

  it('names the claim that does not hold, and keeps and prints its folder: somebody wrote down what was said', async () => {
    const demo = startDemo(terminal, bundledDemo());
    await demo.until('5  They talk');
    const [folder = ''] = demo.folders();
    writeFileSync(join(folder, 'relay', 'overheard.txt'), 'Alice: "Bring the red lantern." Carol: "And bread."');
    const { code, out, err } = await demo.ended;
    expect(code).toBe(1);
    expect(out).not.toContain('demo ok');
    expect(err).toMatch(/^terachat: chapter 5, claim \d+: and none of the words: found \[\["carol","And bread\."\]\]/);
    expect(err).toContain(`Everything is kept for a look in ${folder}`);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['people', 'relay']));
    await terminal.untilNothingRuns();
  });

  it('says where it was when its relay dies behind its back', async () => {
    const demo = startDemo(terminal);
    await demo.until('2  Alice founds');
    const [folder = ''] = demo.folders();
    const lock = JSON.parse(readFileSync(join(folder, 'relay', 'relay.lock'), 'utf8')) as { launcher: { pid: number } };
    process.kill(-lock.launcher.pid, 'SIGKILL');
    const { code, err } = await demo.ended;
    expect(code).toBe(1);
    expect(err).toMatch(/^terachat: before chapter 2, claim \d+: /);
    expect(err).toContain(`kept for a look in ${folder}`);
    await terminal.untilNothingRuns();
    rmSync(folder, { recursive: true });
  });
});
