import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { memoryStorage, type Group, type Session, type TimelineItem } from '../../sdk/index.ts';
import { actorOf, faultyFetch, groupOf, type Person } from './recovery-cast.ts';
import { invitationTo, Stage, textsOf } from './stage.ts';

let stage: Stage;
beforeAll(async () => void (stage = await Stage.share()), 120_000);
afterAll(() => stage.strike());

async function itemsOf(group: Group): Promise<readonly TimelineItem[]> {
  const items: TimelineItem[] = [];
  for await (const item of group.timeline()) items.push(item);
  return items;
}

/** The group that another one goes on as, once this person has read of it and come over. */
async function comeOver({ session, group }: Pick<Person, 'session' | 'group'>, id: string): Promise<Group> {
  const arrive = async () => {
    await group.catchUp();
    return session.group(id);
  };
  return vi.waitFor(arrive, { timeout: 60_000, interval: 50 });
}

test('[GM41] [GM43] [RC10] a group goes on with other keys and another suite, and everyone comes over by themselves', async () => {
  const [alice, bob, carol] = await groupOf(stage, 3);
  await alice.group.changeRole(actorOf(bob), 'admin');
  await bob.group.catchUp();
  await bob.group.send('in the old one');
  await expect(bob.group.reinit()).rejects.toMatchObject({ code: 'not-permitted' });
  const { index, successor, actors } = await alice.group.reinit({ suite: 3 });
  expect(actors.map(({ actor, outcome }) => [actor, outcome])).toEqual([
    [actorOf(bob), 'invited'],
    [actorOf(carol), 'invited'],
  ]);
  const old = await alice.group.view();
  expect(old.status).toEqual({ kind: 'reinitialised', role: 'owner', index, successor });
  const hers = await alice.session.group(successor);
  const [his, carols] = [await comeOver(bob, successor), await comeOver(carol, successor)];
  expect(await bob.session.invitations()).toEqual([]);
  await his.send('in the new one');
  await carols.send('me too');
  await hers.catchUp();
  expect(await textsOf(hers)).toEqual(['in the new one', 'me too']);
  expect(await textsOf(alice.group)).toEqual(['in the old one']);
  expect(await hers.view()).toMatchObject({ suite: 3, status: { kind: 'member', role: 'owner' } });
  expect((await hers.members()).map(({ actor, role }) => [actor, role])).toEqual([
    [actorOf(alice), 'owner'],
    [actorOf(bob), 'admin'],
    [actorOf(carol), 'member'],
  ]);
  // Each log names the other.
  expect((await itemsOf(bob.group)).at(-1)).toMatchObject({ kind: 'reinitialised', index, successor, suite: 3 });
  expect((await itemsOf(his))[1]).toMatchObject({
    kind: 'succeeds',
    predecessor: alice.group.id,
    actor: actorOf(alice),
  });
});

test('[GM42] [RC9] [CL44] what has ended takes nothing more, and calling it again finishes what was begun', async () => {
  const [alice, bob, carol] = await groupOf(stage, 3);
  await carol.group.leave();
  const { successor } = await alice.group.reinit();
  const again = await alice.group.reinit();
  expect(again).toMatchObject({ successor, actors: [] });
  await expect(alice.group.send('too late')).rejects.toMatchObject({ code: 'group-reinitialised' });
  await expect(alice.group.rotate()).rejects.toMatchObject({ code: 'group-reinitialised' });
  await bob.group
    .send('unaware')
    .catch((error: unknown) => expect(error).toMatchObject({ code: 'group-reinitialised' }));
  expect(await textsOf(bob.group)).toEqual([]);
  const hers = await alice.session.group(successor);
  // Who was leaving is not taken along.
  expect((await hers.members()).map(({ actor }) => actor)).toEqual([actorOf(alice), actorOf(bob)]);
  expect((await carol.group.view()).status.kind).toBe('leaving');
});

test('[RC9] whose device can’t be invited stays behind and is told of; others come over without it', async () => {
  const [alice, bob] = await groupOf(stage, 2);
  const modest = await personWith([1]);
  await alice.group.invite(modest.identity!.actor);
  const theirs = await (await invitationTo(modest, alice.group.id)).accept();
  const { successor, actors } = await alice.group.reinit({ suite: 3 });
  expect(actors.map(({ outcome }) => outcome)).toEqual(['invited', 'nothing-compatible']);
  await theirs.catchUp();
  expect((await theirs.view()).status).toMatchObject({ kind: 'reinitialised', successor });
  await expect(modest.group(successor)).rejects.toMatchObject({ code: 'unknown-group' });
  await (await comeOver(bob, successor)).send('without them');
});

test('[RC10] [ML49] [RC4] a group that nobody can follow goes on, and nobody comes back into the old one first', async () => {
  const { fetch, rotate } = faultyFetch();
  const [mallory, ...others] = await groupOf(stage, 3, { fetch });
  await rotate(mallory);
  const { index, successor } = await mallory.group.reinit();
  for (const other of others) {
    const group = await comeOver(other, successor);
    expect((await other.group.view()).status).toMatchObject({ kind: 'reinitialised', index });
    await group.send('here again');
  }
  const items = await itemsOf(mallory.group);
  expect(items.at(-1)).toMatchObject({ kind: 'reinitialised', index });
  expect(items.some(({ kind }) => kind === 'resynced')).toBe(false);
});

async function personWith(suites: readonly number[]): Promise<Session> {
  const session = await stage.connect(memoryStorage(), stage.relay.url, { suites });
  await session.createIdentity();
  return session;
}
