import { mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeFailure } from '../../cli/failure.ts';

it('a disk that is full is no fault of the program, wherever it is noticed', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
    errno: -28,
  });
  expect(describeFailure(full)).toMatchObject({
    exit: 'usage',
    code: 'file-unusable',
    message: "It can't be kept: the disk is full.",
  });
  expect(describeFailure(new Error('ENOSPC'))).toMatchObject({ code: 'internal' });
});

it('a file that can not be used is named with the reason in plain words', () => {
  const ofFile = (use: () => unknown): unknown => {
    try {
      return use();
    } catch (cause) {
      return describeFailure(cause);
    }
  };
  const here = import.meta.dirname;
  const said = (message: string) => ({ exit: 'usage', code: 'file-unusable', message, hint: undefined });
  const path = `${here}/none`;
  expect(ofFile(() => readFileSync(path))).toEqual(said(`${path} can't be used: it is not there.`));
  expect(ofFile(() => mkdirSync(here))).toEqual(said(`${here} can't be used: it is there already.`));
});

it('Ctrl-C is no fault of the program, whatever it was that waited', async () => {
  const reason = new DOMException('stopped', 'AbortError');
  const waits = [sleep(60_000, undefined, { signal: AbortSignal.abort(reason) }), Promise.reject(reason)];
  for (const waiting of waits) {
    const cause: unknown = await waiting.catch((error: unknown) => error);
    expect(describeFailure(cause)).toMatchObject({ exit: 'interrupted', code: 'interrupted', message: 'stopped' });
  }
});
