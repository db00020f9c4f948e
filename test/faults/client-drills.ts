import { expect } from 'vitest';
import type { Group, Session } from '../../sdk/index.ts';
import { invitationTo, soleInvitation, textsOf } from '../stories/stage.ts';
import type { Drill } from './mortal-client.ts';

/** Everyone sends, everyone reads, with old keys and with new ones that each of `rotating` makes; nothing is there twice. */
async function expectUsable(groups: readonly Group[], rotating: readonly Group[], label: string): Promise<void> {
  for (const [turn, rotator] of [undefined, ...rotating].entries()) {
    await rotator?.rotate();
    for (const [i, group] of groups.entries()) await group.send(`${label}: ${i} after ${turn} rotations`);
  }
  await Promise.all(groups.map((group) => group.catchUp()));
  const [first, ...others] = await Promise.all(groups.map((group) => group.view()));
  for (const other of others) expect(other).toMatchObject({ head: first!.head, epoch: first!.epoch });
  const count = groups.length * (rotating.length + 1);
  const expected = (await textsOf(groups[0]!)).slice(-count);
  expect(expected.every((text) => text.startsWith(`${label}: `))).toBe(true);
  for (const group of groups) expect((await textsOf(group)).slice(-count)).toEqual(expected);
}

/** How often each of these was said, as a member read it. */
async function countsOf(group: Group, texts: readonly string[]): Promise<number[]> {
  await group.catchUp();
  const said = await textsOf(group);
  return texts.map((text) => said.filter((other) => other === text).length);
}

export interface Scene {
  readonly hers: Group;
  /** Someone who is in no group yet: a chain may claim only so many KeyPackages of one device (`KP8`). */
  newcomer(): Promise<Session>;
}

const idOf = (session: Session): string => session.identity!.actor;
const isIn = async (group: Group, session: Session): Promise<boolean> =>
  (await group.members()).some(({ actor }) => actor === idOf(session));

/** What a member does in a group: send, read, and change it by commits. */
export function memberDrills({ hers, newcomer }: Scene): readonly Drill[] {
  let carol: Session;
  const resumed = async (client: Session): Promise<Group> => {
    await client.inbox();
    const his = await client.group(hers.id);
    expect(await his.pending()).toEqual([]);
    await his.catchUp();
    return his;
  };
  let kept: boolean;
  const send: Drill = {
    name: 'send',
    prepare: async () => {
      kept = false;
    },
    act: async (client, round) => {
      const his = await client.group(hers.id);
      await his.post(`posted ${round}`);
      kept = true;
      await his.send(`sent ${round}`);
    },
    check: async (client, round, wasDone) => {
      const his = await resumed(client);
      const texts = [`posted ${round}`, `sent ${round}`];
      const counts = await countsOf(hers, texts);
      expect(counts).toEqual([kept ? 1 : expect.toBeOneOf([0, 1]), wasDone ? 1 : expect.toBeOneOf([0, 1])]);
      const said = (await textsOf(hers)).filter((text) => texts.includes(text));
      expect(said).toEqual(texts.slice(0, said.length));
      expect(await countsOf(his, texts)).toEqual(counts);
      await expectUsable([his, hers], [his, hers], `send ${round}`);
    },
  };
  const read: Drill = {
    name: 'read',
    prepare: async (round) => {
      await hers.send(`old keys ${round}`);
      await hers.rotate();
      await hers.send(`new keys ${round}`);
    },
    act: async (client) => (await client.group(hers.id)).catchUp(),
    check: async (client, round) => {
      const his = await resumed(client);
      expect(await countsOf(his, [`old keys ${round}`, `new keys ${round}`])).toEqual([1, 1]);
      await expectUsable([his, hers], [his], `read ${round}`);
    },
  };
  const rotate: Drill = {
    name: 'commit, rotating keys',
    prepare: async () => undefined,
    act: async (client) => {
      await (await client.group(hers.id)).rotate();
    },
    check: async (client, round) => expectUsable([await resumed(client), hers], [hers], `rotate ${round}`),
  };
  const invite: Drill = {
    name: 'commit, inviting',
    prepare: async () => {
      carol = await newcomer();
    },
    act: async (client) => {
      await (await client.group(hers.id)).invite(idOf(carol));
    },
    check: async (client, round, wasDone) => {
      const his = await resumed(client);
      if (wasDone) expect(await isIn(his, carol)).toBe(true);
      if (!(await isIn(his, carol))) await his.invite(idOf(carol));
      const carols = await (await soleInvitation(carol)).accept();
      await expectUsable([his, hers, carols], [carols], `invite ${round}`);
    },
  };
  const remove: Drill = {
    name: 'commit, removing',
    prepare: async () => {
      carol = await newcomer();
      await hers.invite(idOf(carol));
      await (await soleInvitation(carol)).accept();
    },
    act: async (client) => {
      await (await client.group(hers.id)).remove(idOf(carol));
    },
    check: async (client, round, wasDone) => {
      const his = await resumed(client);
      if (wasDone) expect(await isIn(his, carol)).toBe(false);
      if (await isIn(his, carol)) await his.remove(idOf(carol));
      await expectUsable([his, hers], [his], `remove ${round}`);
      const carols = await carol.group(hers.id);
      await carols.catchUp();
      expect((await carols.view()).status.kind).toBe('removed');
      expect((await textsOf(carols)).filter((text) => text.startsWith(`remove ${round}`))).toEqual([]);
    },
  };
  const takeOut: Drill = {
    name: 'commit, taking out who leaves',
    prepare: async () => {
      carol = await newcomer();
      await hers.invite(idOf(carol));
      await (await (await soleInvitation(carol)).accept()).leave();
    },
    act: async (client) => {
      await (await client.group(hers.id)).rotate();
    },
    check: async (client, round, wasDone) => {
      const his = await resumed(client);
      if (wasDone) expect(await isIn(his, carol)).toBe(false);
      await expectUsable([his, hers], [his], `take out ${round}`);
      expect(await isIn(hers, carol)).toBe(false);
    },
  };
  return [send, read, rotate, invite, remove, takeOut];
}

/** What one who goes does. A group of somebody else's each time: of one device an actor claims so many KeyPackages an hour. */
export function leaveDrill(newcomer: Scene['newcomer']): Drill {
  let hers: Group;
  const joined = async (client: Session): Promise<Group> => {
    const invitation = (await client.invitations()).find(({ group }) => group === hers.id);
    return invitation === undefined ? client.group(hers.id) : invitation.accept();
  };
  return {
    name: 'leave',
    prepare: async () => {
      hers = await (await newcomer()).createGroup();
    },
    act: async (client) => {
      await hers.invite(idOf(client));
      await (await (await invitationTo(client, hers.id)).accept()).leave();
    },
    check: async (client, round, wasDone) => {
      const his = await joined(client);
      await his.catchUp();
      const status = expect.toBeOneOf(['leaving', 'removed']) as unknown;
      if (wasDone) expect((await his.view()).status.kind).toEqual(status);
      await his.leave();
      await hers.send(`without him ${round}`);
      await his.catchUp();
      expect((await his.view()).status.kind).toBe('removed');
      expect(await textsOf(his)).toEqual([]);
      expect(await textsOf(hers)).toEqual([`without him ${round}`]);
    },
  };
}

/** What a newcomer does: fetch and acknowledge its mailbox, publish KeyPackages, join. A group of its own each time. */
export function joinDrill(host: () => Promise<Session>, newcomer: string): Drill {
  let hers: Group;
  return {
    name: 'join and ack',
    prepare: async () => {
      // A new one each time: nobody is given this many KeyPackages of one device.
      hers = await (await host()).createGroup();
      await hers.send('before');
      await hers.invite(newcomer, 'admin');
      await hers.send('hello');
    },
    act: async (client) => {
      const joined = await (await invitationTo(client, hers.id)).accept();
      await joined.catchUp();
    },
    check: async (client, round) => {
      const invitation = (await client.invitations()).find(({ group }) => group === hers.id);
      const joined = await (invitation === undefined ? client.group(hers.id) : invitation.accept());
      await joined.catchUp();
      expect(await textsOf(joined)).toEqual(['[not-member]', 'hello']);
      await expectUsable([joined, hers], [joined, hers], `join ${round}`);
      expect(await client.invitations()).toEqual([]);
      expect((await client.groups()).filter(({ id }) => id === hers.id)).toHaveLength(1);
    },
  };
}

/** What a founder does. */
export function foundDrill(alice: Session): Drill {
  let known: ReadonlySet<string>;
  return {
    name: 'found',
    prepare: async () => undefined,
    act: async (client) => {
      known = new Set((await client.groups()).map(({ id }) => id));
      await client.createGroup();
    },
    check: async (client, round, wasDone) => {
      await client.inbox();
      const founded = (await client.groups()).filter(({ id }) => !known.has(id));
      expect(founded.length).toEqual(wasDone ? 1 : expect.toBeOneOf([0, 1]));
      const group = founded[0] === undefined ? await client.createGroup() : await client.group(founded[0].id);
      await group.invite(idOf(alice), 'admin');
      const hers = await (await invitationTo(alice, group.id)).accept();
      await expectUsable([group, hers], [hers], `found ${round}`);
    },
  };
}
