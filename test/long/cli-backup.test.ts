import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve, type Served } from '../cli/relay.ts';
import { Terminal } from '../cli/terminal.ts';

const alice = ['--profile', 'alice'];
const bob = ['--profile', 'bob'];
const lucy = ['--profile', 'lucy'];

let terminal: Terminal;
let relay: Served;
let actors: Record<'alice' | 'bob', string>;
let backup: string;
let secret: string[];

/** Alice is in an encrypted group and in a plain one, and has a name for Bob. */
beforeAll(async () => {
  terminal = new Terminal();
  relay = await serve(terminal);
  const made = await Promise.all([alice, bob].map((who) => terminal.ask('init', '--relay', relay.url, ...who)));
  actors = { alice: String(made[0]!['actor']), bob: String(made[1]!['actor']) };
  await terminal.ask('group', 'create', 'friends', ...bob);
  await terminal.ask('group', 'invite', 'friends', 'alice', ...bob);
  await terminal.ask('group', 'join', '--name', 'friends', ...alice);
  await terminal.ask('group', 'create', 'board', '--plain', ...alice);
  await terminal.ask('send', 'board', 'for all to see', ...alice);
  await terminal.ask('contact', 'name', actors.bob, 'bobby', ...alice);
  backup = join(terminal.home, 'alice.backup');
  const passphrase = join(terminal.home, 'passphrase');
  writeFileSync(passphrase, 'correct horse battery staple\nsecond line\n');
  secret = ['--passphrase-file', passphrase];
});

afterAll(() => terminal.close());

describe('an identity backup', () => {
  it('[BK1] is one private file that is never written over, made without the relay', async () => {
    relay.interrupt();
    await relay.ended;
    const made = await terminal.ask('identity', 'backup', backup, ...secret, ...alice);
    expect(made).toEqual({ file: backup, actor: actors.alice, bytes: readFileSync(backup).length });
    expect(readFileSync(backup, 'latin1')).toMatch(/^terachat identity backup v1\n/);
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    const before = readFileSync(backup);
    expect(await terminal.refusal('identity', 'backup', backup, ...secret, ...alice)).toMatchObject({ exit: 2 });
    expect(readFileSync(backup)).toEqual(before);
    relay = await serve(terminal, relay.port);
  });

  it('takes no passphrase that is short, and asks nobody where there is no terminal', async () => {
    const short = join(terminal.home, 'short');
    writeFileSync(short, 'hunter2\n');
    const other = join(terminal.home, 'other.backup');
    const refused = await terminal.refusal('identity', 'backup', other, '--passphrase-file', short, ...alice);
    expect(refused).toMatchObject({ exit: 2, code: 'passphrase-too-short' });
    expect(await terminal.refusal('identity', 'backup', other, ...alice)).toMatchObject({
      exit: 2,
      code: 'no-terminal',
    });
    expect(existsSync(other)).toBe(false);
  });

  it('[BK5] is not restored with a wrong passphrase, from another file, or over a profile', async () => {
    const wrong = join(terminal.home, 'wrong');
    writeFileSync(wrong, 'correct horse battery stable\n');
    const restore = (...args: string[]) => terminal.refusal('identity', 'restore', ...args);
    expect(await restore(backup, '--passphrase-file', wrong, ...lucy)).toMatchObject({
      exit: 1,
      code: 'wrong-passphrase',
      hint: expect.any(String) as string,
    });
    expect(await restore(wrong, ...secret, ...lucy)).toMatchObject({ exit: 1, code: 'malformed-backup' });
    expect(await restore('/no/such/file', ...secret, ...lucy)).toMatchObject({ exit: 2, code: 'file-unusable' });
    expect(await restore(backup, ...secret, ...bob)).toMatchObject({ exit: 1, code: 'profile-exists' });
    expect(await terminal.refusal('whoami', ...lucy)).toMatchObject({ code: 'no-profile' });
  });

  it('[BK4] brings back the key, the names and plain groups; encrypted ones by a new invitation', async () => {
    const restored = await terminal.ask('identity', 'restore', backup, ...secret, ...lucy);
    expect(restored).toMatchObject({ profile: 'lucy', actor: actors.alice, isRelayReached: true, relay: relay.url });
    const byName = Object.fromEntries(
      (restored['groups'] as { name: string }[]).map((group) => [group.name, group]),
    ) as Record<string, unknown>;
    expect(byName).toMatchObject({ friends: { needsInvitation: true }, board: { needsInvitation: false } });
    expect(await terminal.documents('contact', 'list', ...lucy)).toMatchObject([
      [{ actor: actors.bob, name: 'bobby', isVerified: false }],
    ]);
    await terminal.ask('send', 'board', 'from my new device', ...lucy);
    const read = await terminal.documents('read', 'board', ...lucy);
    expect(read.map(({ text }) => text)).toEqual(['for all to see', 'from my new device']);
    const refused = await terminal.refusal('send', 'friends', 'am I in?', ...lucy);
    expect(refused).toMatchObject({ exit: 1, code: 'not-in-group' });
    // The other device goes on as it was.
    await terminal.ask('send', 'friends', 'still here', ...alice);

    await terminal.ask('group', 'remove', 'friends', actors.alice, ...bob);
    await terminal.ask('group', 'invite', 'friends', actors.alice, ...bob);
    const joined = await terminal.ask('group', 'join', ...lucy);
    expect(joined).toMatchObject({ name: 'friends' });
    await terminal.ask('send', 'friends', 'back again', ...lucy);
    const heard = await terminal.documents('read', 'friends', '-n', '1', ...bob);
    expect(heard.map(({ text }) => text)).toEqual(['back again']);
    // The device that was put out never takes up the state of the other.
    expect(await terminal.refusal('send', 'friends', 'me too', ...alice)).toMatchObject({ code: 'removed' });
  });

  it('is undone where another relay answers at its address', async () => {
    relay.interrupt();
    await relay.ended;
    const impostor = await serve(terminal, relay.port, 'impostor');
    const refused = await terminal.refusal('identity', 'restore', backup, ...secret, '--profile', 'mallory');
    expect(refused).toMatchObject({ exit: 3, code: 'relay-changed' });
    impostor.interrupt();
    await impostor.ended;
    const away = await terminal.ask('identity', 'restore', backup, ...secret, '--profile', 'mallory');
    expect(away).toMatchObject({ actor: actors.alice, isRelayReached: false });
  });
});
