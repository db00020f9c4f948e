import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Terminal, type Running } from './terminal.ts';

const COMMANDS = ['serve', 'init', 'whoami', 'group', 'send', 'read', 'inbox', 'audit', 'schema', 'request', 'demo'];
const GROUP_COMMANDS = ['create', 'list', 'members', 'invite', 'join', 'remove', 'rotate'];
const UNUSED_PORT = 'http://127.0.0.1:9';

let terminal: Terminal;

beforeAll(() => {
  terminal = new Terminal();
});

afterAll(() => {
  terminal.close();
});

describe('help', () => {
  it('fits 80 columns and names every command and exit code', { timeout: 60_000 }, async () => {
    const root = await terminal.run('--help');
    for (const name of COMMANDS) expect(root.out).toContain(`  ${name}`);
    for (const code of [0, 1, 2, 3, 4, 130]) expect(root.out).toMatch(new RegExp(`^ +${code}  `, 'm'));
    const all = [root];
    for (const name of COMMANDS) all.push(await terminal.run(name, '--help'));
    for (const name of GROUP_COMMANDS) all.push(await terminal.run('group', name, '--help'));
    for (const { out, code } of all) {
      expect(code).toBe(0);
      for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });
});

describe('a refusal', () => {
  it('says what to do and tells scripts by its exit code', { timeout: 60_000 }, async () => {
    expect((await terminal.run('nonsense')).code).toBe(2);
    expect(await terminal.run('audit')).toMatchObject({ code: 2 });
    expect(await terminal.run('read', 'friends')).toMatchObject({
      code: 1,
      err: expect.stringContaining('init') as string,
    });
    expect(await terminal.run('init', '--profile', 'Not A Name')).toMatchObject({ code: 2 });
    const offline = await terminal.run('init', '--relay', UNUSED_PORT, '--profile', 'offline', '--json');
    expect(offline.code).toBe(4);
    expect(JSON.parse(offline.err)).toMatchObject({ error: { code: 'unreachable' } });
  });
});

describe('a relay and its people', () => {
  const alice = ['--profile', 'alice'];
  const bob = ['--profile', 'bob'];
  let relay: Running;
  let url: string;

  async function serve(port: string): Promise<string> {
    relay = terminal.start('serve', '--port', port, '--data', join(terminal.home, 'relay'));
    return relay.until('Ctrl-C stops; state is kept.');
  }

  async function stop(): Promise<void> {
    relay.process.kill('SIGINT');
    expect(await relay.ended).toMatchObject({ code: 0, err: expect.stringContaining('State is kept') as string });
    await expect(fetch(url)).rejects.toThrow();
  }

  async function ask(...args: string[]): Promise<Record<string, unknown>> {
    const { code, out, err } = await terminal.run(...args, '--json');
    expect(code, `${args.join(' ')}: ${err}`).toBe(0);
    return JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
  }

  it('greets with what a newcomer needs, and with commands that work as printed', { timeout: 120_000 }, async () => {
    const greeting = await serve('0');
    url = /address +(\S+)/.exec(greeting)?.[1] ?? '';
    expect(greeting).toMatch(/^TeraChat Relay \d/);
    expect(greeting).toMatch(/key +SHA256:/);
    expect(greeting).toContain(join(terminal.home, 'relay'));
    const commands = greeting.match(/^ +npm run .*$/gm) ?? [];
    expect(commands).toHaveLength(3);
    for (const command of commands) expect(await terminal.shell(command.trim())).toMatchObject({ code: 0 });
  });

  it('names a taken port, suggests another and ends with 2', { timeout: 60_000 }, async () => {
    const { port } = new URL(url);
    const second = await terminal.run('serve', '--port', port, '--data', join(terminal.home, 'other'));
    expect(second.code).toBe(2);
    expect(second.err).toMatch(new RegExp(`Port ${port} is taken.*--port \\d+`));
    const same = await terminal.run('serve', '--port', '0', '--data', join(terminal.home, 'relay'));
    expect(same).toMatchObject({ code: 2, err: expect.stringMatching(/Process \d+/) as string });
  });

  it('carries a message from one process to another over a stop and a restart', { timeout: 180_000 }, async () => {
    await ask('init', ...bob, '--relay', url);
    await ask('group', 'invite', 'friends', 'bob', ...alice);
    await ask('group', 'join', '--name', 'friends', ...bob);
    await ask('send', 'friends', 'before the stop \u001b[31m', ...alice);
    await stop();
    expect((await terminal.run('read', 'friends', ...bob)).code).toBe(4);
    await serve(new URL(url).port);
    const { out } = await terminal.run('read', 'friends', ...bob);
    expect(out).toContain('alice');
    // What a sender writes can't recolour the reader's terminal.
    expect(out).toContain('before the stop \\u001b[31m');
    await ask('send', 'friends', 'and after', ...bob);
    expect((await terminal.run('read', 'friends', '--last', '1', ...alice)).out).toContain('and after');
  });

  it('shows what arrives while somebody follows, own words of another process too', { timeout: 120_000 }, async () => {
    const follower = terminal.start('read', 'friends', '--follow', ...bob);
    await follower.until('and after');
    await ask('send', 'friends', 'from alice, live', ...alice);
    await ask('group', 'rotate', 'friends', ...alice);
    await ask('send', 'friends', 'from bob himself', ...bob);
    await follower.until('from alice, live');
    await follower.until('from bob himself');
    follower.process.kill('SIGINT');
    expect(await follower.ended).toMatchObject({ code: 0 });
  });

  it('audits a saved log without a relay, and names the entry of a changed byte', { timeout: 120_000 }, async () => {
    const saved = join(terminal.home, 'friends.log');
    const report = await ask('audit', 'friends', '--save', saved, ...alice);
    await stop();
    expect(await ask('audit', '--file', saved)).toEqual(report);
    const bytes = readFileSync(saved);
    bytes[bytes.length - 10] = (bytes[bytes.length - 10] as number) ^ 1;
    writeFileSync(saved, bytes);
    const { code, err } = await terminal.run('audit', '--file', saved);
    expect(code).toBe(3);
    expect(err).toContain(`entry ${Number(report['size']) - 1}: bad-signature`);
  });
});
