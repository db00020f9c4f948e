import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { struct, text } from '../../core/index.ts';
import { defineEvent, type Session } from '../../sdk/index.ts';
import { soleInvitation, Stage, take, textsOf } from './stage.ts';

let stage: Stage;
let alice: Session;
let bob: Session;
const bobs = (): string => bob.identity!.actor;

beforeAll(async () => {
  stage = await Stage.set();
  [alice, bob] = [await stage.person(), await stage.person()];
});

afterAll(() => stage.strike());

describe('a plain group', () => {
  test('two people talk, one of them live', async () => {
    const hers = await alice.createGroup({ membership: 'plain' });
    await hers.invite(bobs());
    const his = await (await soleInvitation(bob)).accept();
    expect(his.id).toBe(hers.id);
    const live = take(his.messages({ live: true }), 3);
    await hers.send('one');
    await his.send('two');
    await hers.send('three');
    expect((await live).map((message) => message.kind === 'message' && message.text)).toEqual(['one', 'two', 'three']);
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['one', 'two', 'three']);
    expect(await textsOf(hers, { last: 2 })).toEqual(['two', 'three']);
    expect((await hers.members()).map(({ actor, role }) => [actor, role])).toEqual([
      [alice.identity!.actor, 'owner'],
      [bobs(), 'member'],
    ]);
  });

  test('who is removed reads up to the removal, and its live reading ends there', async () => {
    const hers = await alice.createGroup({ membership: 'plain' });
    await hers.invite(bobs());
    const his = await (await soleInvitation(bob)).accept();
    const read = textsOf(his, { live: true });
    await hers.send('before');
    const { index } = await hers.remove(bobs());
    await hers.send('after');
    expect(await read).toEqual(['before']);
    expect((await his.view()).status).toEqual({ kind: 'removed', index });
    await expect(his.send('let me in')).rejects.toMatchObject({ code: 'removed', index });
    await his.catchUp();
    expect(await textsOf(his)).toEqual(['before']);
  });

  test('application events keep their bodies and their order, strict ones under contention too', async () => {
    const note = defineEvent({ type: 0xc001, name: 'note.pinned', body: struct('Pinned', { title: text(100) }) });
    const hers = await alice.createGroup({ membership: 'plain' });
    await hers.invite(bobs());
    const his = await (await soleInvitation(bob)).accept();
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? hers : his).append(note, { title: `note ${i}` })),
    );
    await hers.catchUp();
    const events = await take(hers.events(note), 8);
    expect(events.map(({ body }) => body.title).sort()).toEqual(Array.from({ length: 8 }, (_, i) => `note ${i}`));
    expect(events.map(({ index }) => index)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('roles say who may do what, and refusals say why', async () => {
    const hers = await alice.createGroup({ membership: 'plain' });
    await hers.invite(bobs(), 'reader');
    const his = await (await soleInvitation(bob)).accept();
    await expect(his.send('hello')).rejects.toMatchObject({ name: 'RelayProblem', code: 'not-permitted', status: 403 });
    await hers.changeRole(bobs(), 'member');
    await his.catchUp();
    await his.send('hello');
    await expect(hers.invite(bobs())).rejects.toMatchObject({ code: 'already-member' });
    await expect(hers.remove(alice.identity!.actor)).rejects.toMatchObject({ code: 'last-owner' });
    await expect(hers.rotate()).rejects.toMatchObject({ code: 'plain-group' });
    await hers.catchUp();
    const kinds = await take(hers.timeline(), 4);
    expect(kinds.map(({ kind }) => kind)).toEqual(['founded', 'members-changed', 'role-changed', 'message']);
  });

  test('many messages at once are all delivered, each once', async () => {
    const group = await alice.createGroup({ membership: 'plain' });
    const texts = Array.from({ length: 40 }, (_, i) => `message ${i}`);
    const deliveries = await Promise.all(texts.map((message) => group.send(message)));
    expect(new Set(deliveries.map(({ index }) => index)).size).toBe(40);
    expect((await textsOf(group)).sort()).toEqual([...texts].sort());
  });

  test('the relay stops and starts again while someone follows, and nothing is lost or repeated', async () => {
    const hers = await alice.createGroup({ membership: 'plain' });
    await hers.invite(bobs());
    const his = await (await soleInvitation(bob)).accept();
    const live = take(his.messages({ live: true }), 3);
    await hers.send('one');
    await stage.restartRelay();
    await hers.send('two');
    await hers.send('three');
    expect((await live).map((message) => message.kind === 'message' && message.text)).toEqual(['one', 'two', 'three']);
  });
});
