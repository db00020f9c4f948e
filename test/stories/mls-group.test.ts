import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Group, Session } from '../../sdk/index.ts';
import { soleInvitation, Stage, take, textsOf } from './stage.ts';

let stage: Stage;
let alice: Session;
let bob: Session;
let carol: Session;
const name = (session: Session): string => session.identity!.actor;

beforeAll(async () => {
  stage = await Stage.set();
  [alice, bob, carol] = [await stage.person(), await stage.person(), await stage.person()];
}, 60_000);

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
});
