import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toBase64Url } from '../../core/index.ts';
import { memoryStorage, type Fetch, type Group, type Session } from '../../sdk/index.ts';
import { bytesFor } from '../durable-objects/bytes-for.ts';
import { soleInvitation, Stage, take, textsOf } from './stage.ts';

let stage: Stage;
let alice: Session;
let bob: Session;
let carol: Session;
const name = (session: Session): string => session.identity!.actor;

beforeAll(async () => {
  stage = await Stage.share();
  [alice, bob, carol] = [await stage.person(), await stage.person(), await stage.person()];
});

afterAll(() => stage.strike());

async function groupOfThree(): Promise<[Group, Group, Group]> {
  const hers = await alice.createGroup();
  await hers.invite(name(bob));
  const his = await (await soleInvitation(bob)).accept();
  await hers.invite(name(carol));
  const carols = await (await soleInvitation(carol)).accept();
  return [hers, his, carols];
}

const caughtUp = (...groups: Group[]): Promise<unknown> => Promise.all(groups.map((group) => group.catchUp()));

describe('an encrypted group', () => {
  test('three people talk, whoever was away reads everything in order, and earlier messages stay sealed', async () => {
    const [hers, his, carols] = await groupOfThree();
    await hers.send('one');
    await his.send('two');
    await carols.send('three');
    await hers.send('four');
    await caughtUp(hers, his, carols);
    for (const group of [hers, his, carols]) expect(await textsOf(group)).toEqual(['one', 'two', 'three', 'four']);
    expect((await hers.view()).epoch).toBe(2);
    expect((await hers.members()).map(({ actor }) => actor).sort()).toEqual([alice, bob, carol].map(name).sort());
  });

  test('an invitation names who sent it', async () => {
    const hers = await alice.createGroup();
    await hers.send('before anyone came');
    await hers.invite(name(bob), 'admin');
    const invitation = await soleInvitation(bob);
    expect(invitation).toMatchObject({ group: hers.id, membership: 'mls', inviter: name(alice) });
    const his = await invitation.accept();
    expect(await textsOf(his)).toEqual(['[not-member]']);
    expect((await his.members()).find(({ isMe }) => isMe)?.role).toBe('admin');
    expect(await bob.invitations()).toEqual([]);
  });

  test('[GM6] asks the devices of 256 people for one invitation, and refuses one more before it asks any', async () => {
    let claims = 0;
    const withoutClaims: Fetch = (url, init) => {
      if (!url.endsWith('/claims')) return fetch(url, init);
      claims += 1;
      throw new TypeError('the line is cut');
    };
    const dora = await stage.connect(memoryStorage(), undefined, { fetch: withoutClaims });
    await dora.createIdentity();
    const hers = await dora.createGroup();
    const many = Array.from({ length: 257 }, (_, i) => toBase64Url(bytesFor('one of many', i, 32)));
    await expect(hers.invite(many)).rejects.toMatchObject({
      code: 'too-many-adds',
      details: { limit: '256', actual: '257' },
    });
    expect(claims).toBe(0);
    await expect(hers.invite(many.slice(1))).rejects.toMatchObject({ code: 'unreachable' });
    expect(claims).toBeGreaterThan(0);
  });

  test('[CL15] who is removed reads nothing new, and the others go on with new keys', async () => {
    const [hers, his, carols] = await groupOfThree();
    await hers.send('for three');
    const { index } = await hers.remove(name(carol));
    await hers.send('for two');
    await his.send('also for two');
    await caughtUp(hers, his, carols);
    expect(await textsOf(hers)).toEqual(['for three', 'for two', 'also for two']);
    expect(await textsOf(his)).toEqual(['for three', 'for two', 'also for two']);
    expect(await textsOf(carols)).toEqual(['for three']);
    expect((await carols.view()).status).toEqual({ kind: 'removed', index });
    await expect(carols.send('let me in')).rejects.toMatchObject({ code: 'removed', index });
    await expect(hers.remove(name(carol))).rejects.toMatchObject({ code: 'no-such-member' });
  });

  test('[CL15] who is invited again reads on from there once it accepts, and keeps what it could read before', async () => {
    const [hers, his, carols] = await groupOfThree();
    await hers.send('first time');
    await hers.remove(name(carol));
    await hers.send('without her');
    await hers.invite(name(carol), 'admin');
    await his.send('second time');
    await carols.catchUp();
    expect((await carols.view()).status.kind).toBe('removed');
    expect(await textsOf(carols)).toEqual(['first time']);
    const again = await (await soleInvitation(carol)).accept();
    expect(await textsOf(again)).toEqual(['first time', '[not-member]', 'second time']);
    expect((await again.view()).status).toEqual({ kind: 'member', role: 'admin' });
    await again.send('back');
    await caughtUp(hers);
    expect((await textsOf(hers)).at(-1)).toBe('back');
    expect(carols.id).toBe(again.id);
  });

  test('[CL12] a device that slept through its removal and a new invitation joins by the newer one', async () => {
    const hers = await alice.createGroup();
    await hers.invite(name(bob));
    await hers.send('while the first invitation waits');
    await hers.remove(name(bob));
    await hers.invite(name(bob));
    await hers.send('while the second waits');
    const his = await (await soleInvitation(bob)).accept();
    expect(await textsOf(his)).toEqual(['[not-member]', 'while the second waits']);
  });

  test('[CL8] whoever gives up right after the Welcome was used is in the group all the same, and finds it', async () => {
    const end = new AbortController();
    const storage = memoryStorage();
    const commit = storage.commit.bind(storage);
    storage.commit = async (writes) => {
      await commit(writes);
      if (writes.some(({ key, value }) => key.endsWith('/welcome') && value === undefined)) end.abort();
    };
    const dora = await stage.connect(storage);
    await dora.createIdentity();
    const hers = await alice.createGroup();
    await hers.invite(name(dora));
    await expect((await soleInvitation(dora)).accept({ signal: end.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await hers.send('welcome');
    const doras = await dora.group(hers.id);
    await doras.catchUp();
    expect(await textsOf(doras)).toEqual(['welcome']);
  });

  test('rotation gives new keys, and messages of both epochs are read', async () => {
    const [hers, his, carols] = await groupOfThree();
    await hers.send('old keys');
    await his.rotate();
    await carols.send('new keys');
    await caughtUp(hers, his, carols);
    for (const group of [hers, his, carols]) expect(await textsOf(group)).toEqual(['old keys', 'new keys']);
    expect((await hers.view()).epoch).toBe(3);
    const changes = [];
    for await (const item of hers.timeline()) if (item.kind === 'members-changed') changes.push(item);
    expect(changes.at(-1)).toMatchObject({ epoch: 3, added: [], removed: [], actor: name(bob) });
  });

  test('of commits made at the same time one wins each epoch, and all of them happen', async () => {
    const [hers, his, carols] = await groupOfThree();
    await hers.changeRole(name(bob), 'admin');
    await caughtUp(his, carols);
    await Promise.all([hers.rotate(), his.rotate(), carols.rotate(), hers.rotate(), his.rotate()]);
    await caughtUp(hers, his, carols);
    const views = await Promise.all([hers, his, carols].map((group) => group.view()));
    expect(views.map(({ epoch }) => epoch)).toEqual([7, 7, 7]);
    await carols.send('still one group');
    await caughtUp(hers, his);
    expect(await textsOf(hers)).toEqual(['still one group']);
    expect(await textsOf(his)).toEqual(['still one group']);
  });

  test('two admins invite at the same time: both come in, and an invitation that is outrun says so', async () => {
    const dave = await stage.person();
    const hers = await alice.createGroup();
    await hers.invite(name(bob), 'admin');
    const his = await (await soleInvitation(bob)).accept();
    await Promise.all([hers.invite(name(carol)), his.invite(name(dave))]);
    const [carols, daves] = [await (await soleInvitation(carol)).accept(), await (await soleInvitation(dave)).accept()];
    await daves.send('hello');
    await caughtUp(hers, his, carols);
    for (const group of [hers, his, carols]) expect((await textsOf(group)).at(-1)).toBe('hello');
    await his.remove(name(carol));
    await carols.catchUp();
    const both = await Promise.allSettled([hers.invite(name(carol)), his.invite(name(carol))]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'already-member' } });
    await (await soleInvitation(carol)).accept();
  });

  test('messages sent while commits go on are all read by everyone', async () => {
    const [hers, his, carols] = await groupOfThree();
    const talk = async (group: Group, who: string): Promise<void> => {
      for (let i = 1; i <= 6; i++) await group.send(`${who} ${i}`);
    };
    const turn = async (): Promise<void> => {
      for (let i = 0; i < 4; i++) await hers.rotate();
    };
    await Promise.all([talk(his, 'bob'), talk(carols, 'carol'), turn()]);
    await caughtUp(hers, his, carols);
    const texts = await textsOf(hers);
    expect(texts).toHaveLength(12);
    expect(texts.filter((line) => line.startsWith('bob'))).toEqual([1, 2, 3, 4, 5, 6].map((i) => `bob ${i}`));
    expect(await textsOf(his)).toEqual(texts);
    expect(await textsOf(carols)).toEqual(texts);
  });

  test('a live reader follows messages, changes of keys and its own removal', async () => {
    const [hers, his, carols] = await groupOfThree();
    const seen: string[] = [];
    const read = (async () => {
      for await (const item of carols.timeline({ live: true, from: 4 })) {
        seen.push(item.kind === 'message' ? (item.text ?? '') : item.kind);
      }
    })();
    await hers.send('one');
    await his.rotate();
    await his.send('two');
    await hers.remove(name(carol));
    await hers.send('three');
    await read;
    expect(seen).toEqual(['one', 'members-changed', 'two', 'members-changed']);
  });

  test('bytes of an application travel as they are, and a message that is too large is refused before it leaves', async () => {
    const [hers, his] = await groupOfThree();
    const bytes = new Uint8Array(10_000).map((_, i) => i % 256);
    await hers.send(bytes, { contentType: 7 });
    await expect(hers.send(new Uint8Array(17_000))).rejects.toMatchObject({ code: 'payload-too-large' });
    await his.catchUp();
    const [message] = await take(his.messages(), 1);
    expect(message).toMatchObject({ kind: 'message', contentType: 7, text: undefined, bytes, actor: name(alice) });
    expect(await take(his.messages({ last: 1 }), 1)).toEqual([message]);
  });
});
