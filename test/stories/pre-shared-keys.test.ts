import { afterAll, beforeAll, expect, test } from 'vitest';
import { utf8ToBytes } from '../../core/index.ts';
import { memoryStorage, type TimelineItem } from '../../sdk/index.ts';
import { secretOf } from './exporter.ts';
import { actorOf, assertOneGroup, groupOf, type Person } from './recovery-cast.ts';
import { invitationTo, Stage } from './stage.ts';

const id = utf8ToBytes('said at the kitchen table');
const secret = new Uint8Array(32).map((_, index) => 7 * index + 1);
const preSharedKeys = [id];

let stage: Stage;
beforeAll(async () => void (stage = await Stage.share()), 120_000);
afterAll(() => stage.strike());

async function kindsAfter({ group }: Person, index: number): Promise<readonly string[]> {
  const items: TimelineItem[] = [];
  for await (const item of group.timeline({ from: index + 1 })) items.push(item);
  return items.map(({ kind, actor }) => `${kind} ${actor}`);
}

test('[CL45] [ML48] [RC4] who has the key of a change follows it, and who lacks it comes back in before everyone’s eyes', async () => {
  const [alice, bob, carol] = await groupOf(stage, 3);
  const unknown = { code: 'unknown-pre-shared-key', advice: { kind: 'ask' } };
  await expect(alice.group.rotate({ preSharedKeys })).rejects.toMatchObject(unknown);
  for (const { session } of [alice, bob]) await session.keepPreSharedKey(id, secret);
  const { index } = await alice.group.rotate({ preSharedKeys });
  await bob.group.catchUp();
  expect(await bob.group.view()).toMatchObject({ epoch: 2, status: { kind: 'member' } });
  const [hers, his] = [await secretOf(alice.storage, alice.group.id), await secretOf(bob.storage, alice.group.id)];
  expect(his).toBe(hers);
  await carol.group.catchUp();
  await assertOneGroup([alice, bob, carol]);
  expect(await kindsAfter(bob, index)).toEqual([`commit-reported ${actorOf(carol)}`, `resynced ${actorOf(carol)}`]);
  // Another secret under the same id is none.
  await carol.session.keepPreSharedKey(id, secret.toReversed());
  await bob.group.rotate({ preSharedKeys });
  await assertOneGroup([alice, bob, carol]);
  expect((await alice.group.reports()).map(({ fault }) => fault)).toEqual(['other', 'confirmation-tag']);
});

test('[CL45] [ML48] an invitation with a key is for who has it', async () => {
  const [alice, bob] = await groupOf(stage, 2);
  const storage = memoryStorage();
  const session = await stage.connect(storage);
  await session.createIdentity();
  for (const one of [alice, bob]) await one.session.keepPreSharedKey(id, secret);
  const newcomer = session.identity!.actor;
  await alice.group.invite(newcomer, 'member', { preSharedKeys });
  const early = await invitationTo(session, alice.group.id);
  expect(early.inviter).toBeUndefined();
  await expect(early.accept()).rejects.toMatchObject({ code: 'not-invited', message: /welcome-key-missing/ });
  await session.keepPreSharedKey(id, secret);
  const invitation = await invitationTo(session, alice.group.id);
  expect(invitation.inviter).toBe(actorOf(alice));
  const carol = { session, storage, group: await invitation.accept() };
  await alice.group.remove(actorOf(bob), { preSharedKeys });
  await assertOneGroup([alice, carol]);
});

test('[CL45] [ML100] an opaque group takes them too, and a plain one none', async () => {
  const [alice, bob] = await groupOf(stage, 2);
  const group = await alice.session.createGroup({ handshakes: 'opaque' });
  await group.invite(actorOf(bob));
  const his = await (await invitationTo(bob.session, group.id)).accept();
  for (const one of [alice, bob]) await one.session.keepPreSharedKey(id, secret);
  await group.rotate({ preSharedKeys });
  await assertOneGroup([
    { ...alice, group },
    { ...bob, group: his },
  ]);
  const { index } = await group.rotate({ preSharedKeys });
  await bob.session.forgetPreSharedKey(id);
  await his.catchUp();
  expect((await his.view()).status).toEqual({ kind: 'lost', index });
  const plain = await alice.session.createGroup({ membership: 'plain' });
  await expect(plain.invite(actorOf(bob), 'member', { preSharedKeys })).rejects.toMatchObject({ code: 'plain-group' });
});
