import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { steadyPort } from '../support/steady-port.ts';
import { serve } from './relay.ts';
import { Terminal } from './terminal.ts';

let terminal: Terminal;

beforeEach(() => {
  terminal = new Terminal();
});

afterEach(() => terminal.close());

describe('terachat serve', { timeout: 120_000 }, () => {
  it('greets with what a newcomer needs, and with commands that work as printed', async () => {
    const { greeting, url } = await serve(terminal);
    expect(greeting).toMatch(/^TeraChat Relay \d+\.\d+\.\d+\n/);
    expect(greeting).toMatch(/^ +address +http:\/\/127\.0\.0\.1:\d+$/m);
    expect(greeting).toMatch(/^ +key +SHA256:[A-Za-z0-9+/]{43}$/m);
    expect(greeting).toContain(join(terminal.home, 'relay'));
    const commands = greeting.match(/^ +npm run .*$/gm) ?? [];
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      expect(await terminal.shell(command.trim()).ended, command).toMatchObject({ code: 0, err: '' });
    }
    expect(await terminal.documents('read', 'friends', '--profile', 'alice')).toMatchObject([{ text: 'hello' }]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('ends on Ctrl-C, also when it is pressed twice, leaves no process and keeps its state', async () => {
    const first = await serve(terminal);
    await terminal.ask('init', '--relay', first.url);
    const founded = await terminal.ask('group', 'create', 'friends');
    expect(terminal.processes().length).toBeGreaterThanOrEqual(2);
    first.interrupt();
    first.interrupt();
    expect(await first.ended).toMatchObject({ code: 0, err: expect.stringContaining('State is kept in ') as string });
    await terminal.untilNothingRuns();
    await expect(fetch(first.url)).rejects.toThrow();
    expect(existsSync(join(terminal.home, 'relay', 'relay.lock'))).toBe(false);

    const second = await serve(terminal, first.port);
    expect(second.greeting).toBe(first.greeting);
    expect(await terminal.ask('group', 'members', 'friends')).toMatchObject({ id: founded['id'], epoch: 0, size: 2 });
  });

  it('prints one JSON document for programs and nothing else, and ends as well when its terminal is closed', async () => {
    const folder = join(terminal.home, 'relay');
    const running = terminal.start('serve', '--port', '0', '--data', folder, '--name', 'relay.example', '--json');
    const listening = JSON.parse(await running.until('\n')) as unknown;
    expect(listening).toEqual({
      event: 'listening',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
      name: 'relay.example',
      checkpointKey: expect.stringMatching(/^[\w-]{43}$/) as string,
      data: folder,
    });
    running.hangUp();
    expect(await running.ended).toMatchObject({ code: 0, err: '' });
    expect(existsSync(join(folder, 'relay.lock'))).toBe(false);
  });

  it('names a taken port, and a folder that another process has, says what works instead, and ends with 2', async () => {
    const folder = join(terminal.home, 'relay');
    const squatter = createServer().listen(await steadyPort(), '127.0.0.1');
    await once(squatter, 'listening');
    const port = String((squatter.address() as { port: number }).port);
    const { code, out, err } = await terminal.run('serve', '--port', port, '--data', folder);
    squatter.close();
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`Port ${port} is taken`);
    const suggested = /--port (\d+)/.exec(err)?.[1];
    const first = await serve(terminal, suggested);
    expect(first.port).toBe(suggested);

    const second = await terminal.refusal('serve', '--port', '0', '--data', folder);
    expect(second).toMatchObject({ exit: 2, code: 'folder-in-use' });
    expect(second['message']).toContain(`Process ${first.pid} `);
    expect(await terminal.refusal('serve', '--port', '0', '--data', folder, '--name', 'other')).toMatchObject({
      exit: 2,
    });
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
  });
});
