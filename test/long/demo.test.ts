import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDemo } from '../cli/demo.ts';
import { Terminal } from '../cli/terminal.ts';
import { watchLoad } from '../support/machine-load.ts';

const CHAPTERS = 11;
const COMMITTED_CLAIMS = 37;
/** On a machine that has nothing else to do. */
const BUDGET_MS = 120_000;

let terminal: Terminal;

beforeEach(() => {
  terminal = new Terminal();
});

afterEach(() => terminal.close());

describe('npm run demo', () => {
  it('plays the main job in two minutes, and every claim of it holds', async () => {
    const begun = performance.now();
    const loadUntilNow = watchLoad();
    const demo = startDemo(terminal);
    const { code, out, err } = await demo.ended;
    const elapsedMs = performance.now() - begun;
    const load = loadUntilNow();
    console.info(`the demo took ${Math.round(elapsedMs / 1000)} s at a load of up to ${load.toFixed(1)} a core`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const claims = out.match(/^ {3}✓ .+$/gm) ?? [];
    expect(claims.length).toBeGreaterThanOrEqual(COMMITTED_CLAIMS);
    expect(out.trim().split('\n').at(-1)).toBe(`demo ok: ${claims.length} claims verified`);
    const numbers = (out.match(/^\d+(?= +\S)/gm) ?? []).map(Number);
    expect(numbers).toEqual(Array.from({ length: CHAPTERS }, (_, i) => i + 1));
    expect(elapsedMs).toBeLessThan(BUDGET_MS * load);
    await terminal.untilNothingRuns();
    expect(demo.folders()).toEqual([]);
  });
});
