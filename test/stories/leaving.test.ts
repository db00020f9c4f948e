import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { memoryStorage, type Group, type GrantedRole, type Session, type TimelineItem } from '../../sdk/index.ts';
import { invitationTo, Stage, textsOf } from './stage.ts';

let stage: Stage;
let alice: Session;
let bob: Session;
let carol: Session;
const name = (session: Session): string => session.identity!.actor;

beforeAll(async () => {
  stage = await Stage.set();
  [alice, bob, carol] = [await stage.person(), await stage.person(), await stage.person()];
});

afterAll(() => stage.strike());

/** Alice's group with Bob and Carol, who have read everything. */
async function groupOfThree(role: GrantedRole = 'member'): Promise<[Group, Group, Group]> {
  const hers = await alice.createGroup();
  await hers.invite(name(bob), role);
  await hers.invite(name(carol));
  const his = await (await invitationTo(bob, hers.id)).accept();
  const carols = await (await invitationTo(carol, hers.id)).accept();
  await hers.catchUp();
  return [hers, his, carols];
}

async function timelineOf(group: Group): Promise<TimelineItem[]> {
  const items: TimelineItem[] = [];
  for await (const item of group.timeline()) items.push(item);
  return items;
}

const statusOf = async (group: Group): Promise<string> => (await group.view()).status.kind;
const membersOf = async (group: Group): Promise<string[]> => (await group.members()).map(({ actor }) => actor);

test('[CL40, GM11] who leaves while nobody else is there is taken out when one of them comes, whatever the relay went through', async () => {
  const [hers, his, carols] = await groupOfThree();
  await his.post('good-bye');
  const { index } = await his.leave();
  expect((await his.view()).status).toEqual({ kind: 'leaving', role: 'member', index });
  expect((await his.members()).find(({ isMe }) => isMe)).toMatchObject({ isLeaving: true });
  expect(await his.leave()).toMatchObject({ index });
  await expect(his.send('one more thing')).rejects.toMatchObject({ code: 'leaving' });
  await expect(his.rotate()).rejects.toMatchObject({ code: 'leaving' });
  await stage.restartRelay();
  await hers.catchUp();
  await vi.waitFor(async () => expect(await membersOf(hers)).toEqual([alice, carol].map(name)), 60_000);
  await hers.send('he is gone');
  await Promise.all([his, carols].map((group) => group.catchUp()));
  expect(await statusOf(his)).toBe('removed');
  expect(await textsOf(his)).toEqual(['good-bye']);
  expect(await textsOf(carols)).toEqual(['good-bye', 'he is gone']);
  const kinds = (await timelineOf(carols)).slice(-4);
  expect(kinds.map(({ kind, actor }) => [kind, actor])).toEqual([
    ['message', name(bob)],
    ['leave-requested', name(bob)],
    ['members-changed', name(alice)],
    ['message', name(alice)],
  ]);
});

test('[CL40] a member who reads live takes out who leaves, an admin or not', async () => {
  const [, his, carols] = await groupOfThree('owner');
  const { index } = await his.leave();
  const ended = new AbortController();
  for await (const item of carols.timeline({ live: true, from: index, signal: ended.signal })) {
    if (item.kind !== 'members-changed') continue;
    expect(item).toMatchObject({ actor: name(carol), removed: [name(bob)], added: [] });
    break;
  }
  await his.catchUp();
  expect(await statusOf(his)).toBe('removed');
});

test('[CL40] who only looks in takes out who has waited for long', async () => {
  // Clocks may differ by a little: this one is ahead by as much as a member who reads live waits at most.
  const hasty = await stage.connect(memoryStorage(), undefined, { now: () => Date.now() + 4_500 });
  await hasty.createIdentity();
  const hers = await alice.createGroup();
  await hers.invite([name(bob), name(hasty)]);
  const his = await (await invitationTo(bob, hers.id)).accept();
  const hastys = await (await invitationTo(hasty, hers.id)).accept();
  await his.leave();
  await hastys.catchUp();
  expect(await membersOf(hastys)).toEqual([alice, hasty].map(name));
});

test('[CL41] nobody says anything to who has asked to leave', async () => {
  const [hers, his, carols] = await groupOfThree();
  await carols.leave();
  await hers.send('for the two of us');
  await Promise.all([his, carols].map((group) => group.catchUp()));
  expect(await textsOf(his)).toEqual(['for the two of us']);
  expect(await textsOf(carols)).toEqual([]);
  const kinds = (await timelineOf(hers)).map(({ kind }) => kind).slice(-3);
  expect(kinds).toEqual(['leave-requested', 'members-changed', 'message']);
});

test('[CL40] one change takes out all who have asked, along with what it is for', async () => {
  const [hers, his, carols] = await groupOfThree();
  await Promise.all([his.leave(), carols.leave()]);
  const dave = await stage.person();
  await hers.invite(name(dave));
  const changes = (await timelineOf(hers)).filter((item) => item.kind === 'members-changed');
  expect(changes.flatMap(({ removed }) => (removed.length === 0 ? [] : [[...removed].sort()]))).toEqual([
    [bob, carol].map(name).sort(),
  ]);
  expect(await membersOf(hers)).toEqual([alice, dave].map(name));
  const daves = await (await invitationTo(dave, hers.id)).accept();
  await daves.send('who was here before?');
  await hers.catchUp();
  expect(await textsOf(hers)).toEqual(['who was here before?']);
});

test('[GR5, CL40] an owner leaves where another one stays, and may come back', async () => {
  const [hers, his, carols] = await groupOfThree();
  await expect(hers.leave()).rejects.toMatchObject({ code: 'last-owner', advice: { kind: 'ask' } });
  await hers.changeRole(name(bob), 'owner');
  await hers.leave();
  await expect(his.leave()).rejects.toMatchObject({ code: 'last-owner' });
  await carols.rotate();
  await hers.catchUp();
  expect(await statusOf(hers)).toBe('removed');
  await his.invite(name(alice), 'reader');
  const again = await (await invitationTo(alice, hers.id)).accept();
  expect((await again.view()).status).toEqual({ kind: 'member', role: 'reader' });
  const { index } = await again.leave();
  expect((await again.view()).status).toMatchObject({ kind: 'leaving', role: 'reader', index });
});

test('[CL40] of several who could, one takes out who leaves, and all go on in one epoch', async () => {
  const [hers, his, carols] = await groupOfThree();
  await his.leave();
  const { epoch } = await hers.view();
  await Promise.all([hers.send('one'), carols.send('two')]);
  await Promise.all([hers.catchUp(), carols.catchUp()]);
  for (const group of [hers, carols]) {
    expect(await group.view()).toMatchObject({ epoch: epoch + 1 });
    expect(await membersOf(group)).toEqual([alice, carol].map(name));
  }
});
