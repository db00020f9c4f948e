import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve, type Served } from '../cli/relay.ts';
import { Terminal, type Document } from '../cli/terminal.ts';

const alice = ['--profile', 'alice'];
const bob = ['--profile', 'bob'];

let terminal: Terminal;
let relay: Served;

beforeAll(async () => {
  terminal = new Terminal();
  relay = await serve(terminal);
  await Promise.all([alice, bob].map((who) => terminal.ask('init', '--relay', relay.url, ...who)));
  await terminal.ask('group', 'create', 'friends', ...alice);
  await terminal.ask('group', 'invite', 'friends', 'bob', ...alice);
  await terminal.ask('group', 'join', '--name', 'friends', ...bob);
});

afterAll(() => terminal.close());

describe('terachat chat without a terminal', () => {
  it('[CL17] goes both ways between two processes, also over a relay that was away', async () => {
    const hers = terminal.talk('chat', 'friends', ...alice);
    const his = terminal.talk('chat', 'friends', '--json', ...bob);
    hers.say('hello');
    await his.until('"text":"hello"');
    his.say('/not a command, here');
    expect(await hers.until('/not a command, here')).toMatch(/^ {2}\d\d:\d\d {2}bob ✓ {7}\/not a command, here$/m);

    const follower = terminal.start('read', 'friends', '--follow', ...alice);
    await follower.until('/not a command');
    relay.interrupt();
    await relay.ended;
    his.say('while away');
    relay = await serve(terminal, relay.port);
    for (const reader of [hers, follower]) await reader.until('while away');
    follower.interrupt();
    expect(await follower.ended).toMatchObject({ code: 0 });
    for (const talking of [hers, his]) talking.endInput();
    const [she, he] = await Promise.all([hers.ended, his.ended]);
    expect([she.code, he.code, he.err]).toEqual([0, 0, '']);
    const documents = he.out
      .trim()
      .split('\n')
      .map((row) => JSON.parse(row) as Document);
    const kinds = documents.map(({ kind }) => kind);
    expect(kinds).toEqual(['founded', 'members-changed', 'message', 'message', 'message']);
    expect(she.out).not.toContain('\u001b');
  });

  it('sends every line of a pipe and ends with it', async () => {
    const input = 'one\n\ntwo\nthree\n';
    const piped = await terminal.runWith({ input }, 'chat', 'friends', '-n', '1', ...alice);
    expect(piped).toMatchObject({ code: 0, err: '' });
    const read = await terminal.documents('read', 'friends', '-n', '3', ...bob);
    expect(read.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
  });

  it('[GR4] is left for good, in an encrypted group as soon as another member is there', async () => {
    await terminal.ask('group', 'create', 'board', '--plain', ...alice);
    await terminal.ask('group', 'invite', 'board', 'bob', ...alice);
    await terminal.ask('group', 'join', '--name', 'board', ...bob);
    expect(await terminal.ask('group', 'leave', 'board', ...bob)).toMatchObject({ left: true });
    expect(await terminal.refusal('send', 'board', 'one more thing', ...bob)).toMatchObject({ code: 'removed' });
    await terminal.ask('group', 'create', 'club', ...alice);
    await terminal.ask('group', 'invite', 'club', 'bob', ...alice);
    await terminal.ask('group', 'join', '--name', 'club', ...bob);
    expect(await terminal.ask('group', 'leave', 'club', ...bob)).toMatchObject({ left: false, leaving: true });
    const left = await terminal.refusal('send', 'club', 'one more thing', ...bob);
    expect(left).toMatchObject({ exit: 1, code: 'leaving' });
    await terminal.ask('send', 'club', 'he is gone', ...alice);
    expect(await terminal.documents('read', 'club', ...bob)).toEqual([]);
    expect(await terminal.refusal('send', 'club', 'hello?', ...bob)).toMatchObject({ code: 'removed' });
  });

  it('ends on Ctrl-C as one that is done', async () => {
    const talking = terminal.talk('chat', 'friends', ...alice);
    await talking.until('three');
    talking.interrupt();
    expect(await talking.ended).toMatchObject({ code: 0, err: '' });
    expect(await terminal.refusal('chat', 'nowhere', ...alice)).toMatchObject({ exit: 1, code: 'no-such-group' });
  });

  it('[CL24] begins without the relay, and delivers once it is back', async () => {
    relay.interrupt();
    await relay.ended;
    const talking = terminal.talk('chat', 'friends', '--last', '1', ...alice);
    await talking.until('three');
    talking.say('from the tunnel');
    relay = await serve(terminal, relay.port);
    talking.endInput();
    expect(await talking.ended).toMatchObject({ code: 0 });
    const [last] = await terminal.documents('read', 'friends', '-n', '1', ...bob);
    expect(last).toMatchObject({ text: 'from the tunnel' });
  });
});
