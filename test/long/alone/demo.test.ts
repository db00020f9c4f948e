import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDemo } from '../../cli/demo.ts';
import { Terminal } from '../../cli/terminal.ts';

const CHAPTERS = 8;
const COMMITTED_CLAIMS = 28;
/** On a machine that has nothing else to do. */
const BUDGET_MS = 90_000;

let terminal: Terminal;

beforeEach(() => {
  terminal = new Terminal();
});

afterEach(() => terminal.close());

describe('npm run demo', { timeout: 600_000 }, () => {
  it('plays the main job in 90 s, and every claim of it holds', async () => {
    const begun = performance.now();
    const demo = startDemo(terminal);
    const { code, out, err } = await demo.ended;
    const elapsedMs = performance.now() - begun;
    const others = Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
    console.info(`the demo took ${Math.round(elapsedMs / 1000)} s at a load of ${others.toFixed(1)} a core`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const claims = out.match(/^ {3}✓ .+$/gm) ?? [];
    expect(claims.length).toBeGreaterThanOrEqual(COMMITTED_CLAIMS);
    expect(out.trim().split('\n').at(-1)).toBe(`demo ok: ${claims.length} claims verified`);
    const numbers = (out.match(/^\d+(?= {2}\S)/gm) ?? []).map(Number);
    expect(numbers).toEqual(Array.from({ length: CHAPTERS }, (_, i) => i + 1));
    expect(elapsedMs).toBeLessThan(BUDGET_MS * others);
    await terminal.untilNothingRuns();
    expect(demo.folders()).toEqual([]);
  });

  it('tells programs the same, a document a line', async () => {
    const demo = startDemo(terminal, 'npm run -s demo -- --json');
    const { code, out } = await demo.ended;
    expect(code).toBe(0);
    const documents = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const claims = documents.filter((document) => 'text' in document);
    expect(documents.filter((document) => 'title' in document)).toHaveLength(CHAPTERS);
    expect(claims.map(({ claim }) => claim)).toEqual(claims.map((_, i) => i + 1));
    expect(documents.at(-1)).toEqual({ ok: true, claims: claims.length });
  });

  it.each(['3  They talk', '6  The relay is killed', '8  A byte is changed'])(
    'stopped by Ctrl-C in chapter %s, leaves no process and no folder',
    async (chapter) => {
      const demo = startDemo(terminal);
      await demo.until(chapter);
      demo.interrupt();
      // npm and the shell end by the signal itself.
      expect([130, null]).toContain((await demo.ended).code);
      await terminal.untilNothingRuns();
      expect(demo.folders()).toEqual([]);
    },
  );

  it('names the claim that does not hold, and keeps and prints its folder: somebody wrote down what was said', async () => {
    const demo = startDemo(terminal);
    await demo.until('3  They talk');
    const [folder = ''] = demo.folders();
    writeFileSync(join(folder, 'relay', 'overheard.txt'), 'Alice: "Bring the red lantern." Carol: "And bread."');
    const { code, out, err } = await demo.ended;
    expect(code).toBe(1);
    expect(out).not.toContain('demo ok');
    expect(err).toMatch(/^terachat: chapter 3, claim \d+: and none of the words: found \[\["carol","And bread\."\]\]/);
    expect(err).toContain(`Everything is kept for a look in ${folder}`);
    expect(readdirSync(folder).sort()).toEqual(['people', 'relay']);
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
