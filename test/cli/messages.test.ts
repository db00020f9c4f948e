import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sharedRelay } from '../stories/stage.ts';
import { Terminal, type Document } from './terminal.ts';

const HASH = expect.stringMatching(/^[\w-]{43}$/) as string;
const alice = ['--profile', 'alice'];
const bob = ['--profile', 'bob'];

let terminal: Terminal;
let id: string;
let actors: Record<'alice' | 'bob', string>;

/** Alice and Bob are in a group that she calls friends and he calls walkers. */
beforeAll(async () => {
  terminal = new Terminal();
  const { url } = await sharedRelay();
  const made = await Promise.all([alice, bob].map((who) => terminal.ask('init', '--relay', url, ...who)));
  actors = { alice: String(made[0]!['actor']), bob: String(made[1]!['actor']) };
  id = String((await terminal.ask('group', 'create', 'friends', ...alice))['id']);
});

afterAll(() => terminal.close());

/** Enough of a name to know it by: all of it where it begins as options do, as one of four thousand does. */
const beginningOf = (name: string) => (name.startsWith('--') ? name : name.slice(0, 8));

const words = (documents: readonly Document[]) => documents.map(({ text }) => text);

describe('a group at the command line', { timeout: 120_000 }, () => {
  it('is founded, joined and listed under names of one’s own', async () => {
    expect(await terminal.refusal('group', 'create', 'friends', ...alice)).toMatchObject({
      exit: 1,
      code: 'name-taken',
    });
    const invited = await terminal.ask('group', 'invite', 'friends', 'bob', '--role', 'admin', ...alice);
    expect(invited).toEqual({ id, invited: actors.bob, role: 'admin', index: 2, epoch: 1, size: 3, head: HASH });
    const invitation = { group: id, membership: 'mls', index: 2, inviter: actors.alice };
    // It is delivered a moment after whoever invited is done.
    await expect.poll(() => terminal.ask('inbox', ...bob)).toMatchObject({ invitations: [invitation], news: [] });
    const joined = await terminal.ask('group', 'join', beginningOf(id), '--name', 'walkers', ...bob);
    const view = { epoch: 1, size: 3, head: invited['head'], lacks: [] };
    expect(joined).toEqual({ name: 'walkers', id, inviter: actors.alice, ...view });
    expect(await terminal.documents('group', 'list', ...bob)).toEqual([
      [{ id, membership: 'mls', name: 'walkers', status: 'member', epoch: 1, size: 3, lacks: [] }],
    ]);
    const { members, ...shown } = await terminal.ask('group', 'members', 'walkers', ...bob);
    expect(shown).toEqual({ id, accounts: [], ...view });
    expect(members).toEqual([
      { actor: actors.alice, role: 'owner', since: 0, isMe: false, isLeaving: false },
      { actor: actors.bob, role: 'admin', since: 2, isMe: true, isLeaving: false },
    ]);
    expect(await terminal.refusal('group', 'invite', 'friends', 'bob', ...alice)).toMatchObject({
      code: 'already-member',
    });
    for (const command of ['invite', 'remove']) {
      expect(await terminal.refusal('group', command, 'friends', 'zoe', ...alice)).toMatchObject({
        exit: 1,
        code: 'unknown-actor',
      });
    }
    expect(await terminal.refusal('group', 'remove', 'friends', id, ...alice)).toMatchObject({
      exit: 1,
      code: 'no-such-member',
    });
  });

  it('carries words, from arguments and from standard input, and shows them to people and programs', async () => {
    const sent = await terminal.ask('send', 'friends', 'one', ...alice);
    expect(sent).toEqual({ id, index: 3, relayTime: expect.any(Number) as number });
    const piped = await terminal.runWith({ input: 'two\nlines\n' }, 'send', 'walkers', '-', ...bob);
    expect(piped).toEqual({ code: 0, out: 'Sent; entry 4 of the verified log\n', err: '' });
    const read = await terminal.documents('read', 'friends', ...alice);
    const [first, second] = read;
    const common = { kind: 'message', epoch: 1, sentAt: expect.any(Number) as number };
    expect(first).toEqual({ ...common, ...sentBy('alice', sent), text: 'one' });
    expect(second).toMatchObject({ ...common, index: 4, actor: actors.bob, isMine: false, text: 'two\nlines' });
    expect(words(await terminal.documents('read', id, '-n', '1', ...bob))).toEqual(['two\nlines']);
    const { out } = await terminal.here('read', 'walkers', ...bob);
    expect(out).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}alice ✓ {5}one\n.* {2}you {9}two\n {30}lines\n$/);
  });

  it('shows control characters as what they are, so that nobody rewrites another’s screen', async () => {
    const hostile = 'safe\u001b[2J\u001b]0;title\u0007\r\u009b31m\u202egnp.exe\u2066 tab\there';
    await terminal.ask('send', 'friends', hostile, ...alice);
    const { out } = await terminal.here('read', 'walkers', '--last', '1', ...bob);
    expect(out).toContain('safe\\u001b[2J\\u001b]0;title\\u0007\\u000d\\u009b31m\\u202egnp.exe\\u2066 tab\there\n');
    expect(words(await terminal.documents('read', 'walkers', '--last', '1', ...bob))).toEqual([hostile]);
  });

  it('[CL8] is followed live: by others, after a change of keys, and in one’s own other processes', async () => {
    const followers = [alice, bob].map((who) => terminal.start('read', 'friends', '--follow', '--json', ...who));
    // Bob's name for it is another; a follower that fails at once says so here.
    expect(await followers[1]!.ended).toMatchObject({ code: 1 });
    followers[1] = terminal.start('read', 'walkers', '--follow', '--json', ...bob);
    for (const follower of followers) await follower.until('"text":"one"');
    const said: string[] = [];
    for (let round = 1; round <= 3; round++) {
      const [hers, his] = [`alice ${round}`, `bob ${round}`];
      await terminal.ask('group', 'rotate', 'friends', ...alice);
      await Promise.all([
        terminal.ask('send', 'friends', hers, ...alice),
        terminal.ask('send', 'walkers', his, ...bob),
      ]);
      said.push(hers, his);
      for (const follower of followers) for (const text of [hers, his]) await follower.until(`"text":"${text}"`);
    }
    const shown = followers.map(async (follower) => {
      const begun = performance.now();
      follower.interrupt();
      const { code, out, err } = await follower.ended;
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(performance.now() - begun, 'ms until Ctrl-C has ended it').toBeLessThan(20_000);
      const documents = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Document);
      return documents.filter(({ index }) => Number(index) > 5).map(({ index, text }) => [index, text]);
    });
    const [hers, his] = await Promise.all(shown);
    expect(hers).toEqual(his);
    expect(hers!.map(([, text]) => text).sort()).toEqual(said.sort());
  });

  it('tells who is put out that it ends there, and what of their words never was sent', async () => {
    const follower = terminal.start('read', 'walkers', '--follow', ...bob);
    await follower.until('bob 3');
    const removed = await terminal.ask('group', 'remove', 'friends', beginningOf(actors.bob), ...alice);
    expect(removed).toMatchObject({ removed: actors.bob, epoch: 5 });
    const { code, err } = await follower.ended;
    expect(code).toBe(0);
    expect(err).toContain(`You were removed at entry ${String(removed['index'])}`);
    await terminal.ask('send', 'friends', 'without you', ...alice);
    expect(words(await terminal.documents('read', 'walkers', ...bob))).not.toContain('without you');
    expect(await terminal.refusal('send', 'walkers', 'still here?', ...bob)).toMatchObject({
      exit: 1,
      code: 'removed',
    });
    expect(await terminal.documents('group', 'list', ...bob)).toMatchObject([[{ status: 'removed' }]]);
  });

  it('[GR8] is shown with what it does without, to people and programs, before anything is said in it', async () => {
    await terminal.ask('group', 'create', 'board', '--plain', ...alice);
    const { out } = await terminal.here('group', 'members', 'board', ...alice);
    expect(out).toMatch(/\(you\).*\n {2}The relay can read what is said\.\n$/);
    expect(await terminal.documents('group', 'list', ...alice)).toEqual([
      expect.arrayContaining([
        expect.objectContaining({ name: 'board', lacks: ['encrypted'] }),
        expect.objectContaining({ name: 'friends', lacks: [] }),
      ]),
    ]);
    const said = await terminal.runWith({ input: 'notice\n' }, 'chat', 'board', ...alice);
    expect(said).toMatchObject({ code: 0, err: 'The relay can read what is said.\n' });
  });

  it('[RC10] goes on as another group under the same names', async () => {
    await terminal.ask('group', 'invite', 'friends', 'bob', ...alice);
    await terminal.ask('group', 'join', id, ...bob);
    expect(await terminal.refusal('group', 'reinit', 'walkers', ...bob)).toMatchObject({ code: 'not-permitted' });
    const { successor, ...ended } = await terminal.ask('group', 'reinit', 'friends', ...alice);
    expect(ended).toMatchObject({ id, actors: [{ actor: actors.bob, outcome: 'invited' }], epoch: 1 });
    await vi.waitFor(async () => {
      await terminal.documents('read', 'walkers', ...bob);
      expect(await terminal.ask('send', 'walkers', 'over here', ...bob)).toMatchObject({ id: successor });
    }, 60_000);
    expect(words(await terminal.documents('read', 'friends', ...alice))).toEqual(['over here']);
    const [groups] = (await terminal.documents('group', 'list', ...alice)) as unknown as [readonly Document[]];
    expect(groups.map(({ name, status }) => [name, status])).toContainEqual(['friends', 'member']);
    expect(groups.map(({ name, status }) => [name, status])).toContainEqual([null, 'reinitialised']);
  });
});

function sentBy(who: 'alice' | 'bob', { index, relayTime }: Document) {
  return { index, relayTime, actor: actors[who], isMine: true };
}
