import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readInput, refuseTerminal, writeOutput } from '../../cli/blob-pipes.ts';

const { signal } = new AbortController();
const onBytes = (): void => undefined;

describe('What is piped in', () => {
  it('is read to its end, which nobody need know ahead, and no further than the limit', async () => {
    const seen: number[] = [];
    const options = { limit: 7, signal, onBytes: (bytes: number) => void seen.push(bytes) };
    const parts = () => Readable.from([Buffer.from('har'), Buffer.from('bour')]);
    expect(await (await readInput(parts(), options)).text()).toBe('harbour');
    expect(seen).toEqual([3, 7]);
    const refused = { exit: 'usage', code: 'input-too-large', message: 'Standard input has more than 6 bytes.' };
    const input = parts();
    await expect(readInput(input, { ...options, limit: 6 })).rejects.toMatchObject(refused);
    expect(input.destroyed).toBe(true);
    expect((await readInput(Readable.from([]), options)).size).toBe(0);
  });

  it('is waited for until Ctrl-C, and not at a terminal', async () => {
    const interrupt = new AbortController();
    const reading = readInput(new PassThrough(), { limit: 7, signal: interrupt.signal, onBytes });
    interrupt.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    const typed = Object.assign(new PassThrough(), { isTTY: true });
    await expect(readInput(typed, { limit: 7, signal, onBytes })).rejects.toMatchObject({ code: 'input-terminal' });
  });
});

describe('What is piped out', () => {
  it('is written no faster than it is taken, and to no terminal', async () => {
    const slow = new PassThrough({ highWaterMark: 1 });
    const [verified, sent]: string[][] = [['har', 'bour'], []];
    async function* segments(): AsyncGenerator<Uint8Array> {
      for (const text of verified!) {
        sent!.push(text);
        yield await Promise.resolve(Buffer.from(text));
      }
    }
    const writing = writeOutput(slow, segments());
    await new Promise((resolve) => void slow.once('readable', resolve));
    expect(sent).toEqual(['har']);
    slow.resume();
    await writing;
    expect(sent).toEqual(verified);
    expect(() => refuseTerminal({ isTTY: true })).toThrow('Standard output is a terminal.');
    expect(() => refuseTerminal({})).not.toThrow();
  });
});
