import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedRelay } from '../stories/stage.ts';
import { Terminal, type Document } from './terminal.ts';

let terminal: Terminal;
const alice = ['--profile', 'alice'];

beforeAll(async () => {
  terminal = new Terminal();
  const { url } = await sharedRelay();
  await terminal.ask('init', '--relay', url, ...alice);
  await terminal.ask('group', 'create', 'friends', ...alice);
});

afterAll(() => terminal.close());

describe('a file at the command line', { timeout: 120_000 }, () => {
  it('is sent, shown, and fetched by name or hash, once and no more than that', async () => {
    const [source, target] = [join(terminal.home, 'harbour.txt'), join(terminal.home, 'seen.txt')];
    writeFileSync(source, 'boats\n'.repeat(30_000));
    const sent = await terminal.ask('blob', 'put', 'friends', source, ...alice);
    expect(sent).toMatchObject({ index: 2, size: 180_000, name: 'harbour.txt' });
    const hash = String(sent['hash']);
    const [item] = await terminal.documents('read', 'friends', ...alice);
    expect(item).toMatchObject({ kind: 'message', attachment: { hash, size: 180_000, name: 'harbour.txt' } });
    expect((await terminal.here('read', 'friends', ...alice)).out).toContain(
      `[file harbour.txt, 180000 bytes; blob get ${hash}]`,
    );

    const got = await terminal.ask('blob', 'get', 'friends', 'harbour.txt', target, ...alice);
    expect(got).toEqual({ path: target, hash, size: 180_000, name: 'harbour.txt' });
    expect(readFileSync(target)).toEqual(readFileSync(source));
    const again = ['blob', 'get', 'friends', hash, target];
    expect(await terminal.refusal(...again, ...alice)).toMatchObject({ exit: 2, code: 'file-exists' });
    expect(await terminal.ask(...again, '--force', ...alice)).toMatchObject({ size: 180_000 });
    expect(await terminal.refusal('blob', 'get', 'friends', 'other.txt', ...alice)).toMatchObject({
      exit: 1,
      code: 'no-such-blob',
    });
  });

  it('is sent as it is piped in, of whatever size, under a name that it is told, and piped out', async () => {
    const input = 'ropes\n'.repeat(40_000);
    const put = ['blob', 'put', 'friends', '-', ...alice];
    expect(await terminal.refusal(...put)).toMatchObject({ exit: 2, code: 'name-missing' });
    const { code, out, err } = await terminal.runWith({ input }, ...put, '--name', 'ropes.txt', '--json');
    expect([code, err]).toEqual([0, '']);
    const sent = JSON.parse(out) as Document;
    expect(sent).toMatchObject({ size: input.length, name: 'ropes.txt' });
    const got = await terminal.run('blob', 'get', 'friends', String(sent['hash']), '-', ...alice);
    expect(got).toEqual({ code: 0, out: input, err: '' });
  });

  it.runIf(existsSync('/dev/full'))('ends with 1 where not all of it can be piped out, and says why', async () => {
    const get = `'${process.execPath}' cli/main.ts blob get friends ropes.txt - --profile alice`;
    const full = await terminal.shell(`${get} >/dev/full`).ended;
    expect(full).toEqual({ code: 1, out: '', err: "terachat: Standard output can't be written: the disk is full.\n" });
    const left = await terminal.shell(`(${get}; echo "ended with $?" >&2) | head -c 1`).ended;
    expect(left).toMatchObject({ code: 0, out: 'r', err: 'ended with 1\n' });
  });
});
