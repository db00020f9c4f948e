import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { fromBase64Url, mlsCommit, type ChainId, type MlsCommit } from '../../core/index.ts';
import { memoryStorage, type Group, type Session, type Storage, type TimelineItem } from '../../sdk/index.ts';
import { chainKeys } from '../../sdk/chain/chain-keys.ts';
import { secretOf } from './exporter.ts';
import { invitationTo, Stage, textsOf } from './stage.ts';

vi.setConfig({ testTimeout: 300_000 });

interface Person {
  readonly session: Session;
  readonly storage: Storage;
}
interface Member extends Person {
  readonly group: Group;
}

let stage: Stage;
let people: [Person, Person, Person, Person];
const name = ({ session }: Person): string => session.identity!.actor;

beforeAll(async () => {
  stage = await Stage.set();
  people = (await Promise.all(
    [0, 1, 2, 3].map(async () => {
      const storage = memoryStorage();
      const session = await stage.connect(storage);
      await session.createIdentity();
      return { session, storage };
    }),
  )) as typeof people;
}, 300_000);

afterAll(() => stage.strike());

async function join(person: Person, id: string): Promise<Member> {
  return { ...person, group: await (await invitationTo(person.session, id)).accept() };
}

/** Alice's group with Bob and Carol, in epoch 1. */
async function groupOfThree(role: 'member' | 'admin' = 'member'): Promise<[Member, Member, Member]> {
  const [alice, bob, carol] = people;
  const group = await alice.session.createGroup({ handshakes: 'opaque' });
  await group.invite([name(bob), name(carol)], role);
  return [{ ...alice, group }, await join(bob, group.id), await join(carol, group.id)];
}

async function itemsOf(group: Group): Promise<TimelineItem[]> {
  const items: TimelineItem[] = [];
  for await (const item of group.timeline()) items.push(item);
  return items;
}

const membersOf = async (group: Group): Promise<string[]> => (await group.members()).map(({ actor }) => actor);

async function assertOneGroup(members: readonly Member[]): Promise<void> {
  for (const { group } of members) await group.catchUp();
  const views = await Promise.all(members.map(({ group }) => group.view()));
  expect(new Set(views.map(({ epoch, status }) => `${epoch} ${status.kind}`)).size).toBe(1);
  const secrets = await Promise.all(members.map(({ storage, group }) => secretOf(storage, group.id)));
  expect(new Set(secrets).size).toBe(1);
}

/** What a member's client writes into the event of its next commit, which the relay can't compare with the commit. */
function lieOnce(lie: (body: MlsCommit) => Partial<MlsCommit>): void {
  const { encodeBody } = mlsCommit;
  vi.spyOn(mlsCommit, 'encodeBody').mockImplementationOnce((body) => encodeBody({ ...body, ...lie(body) }));
}

describe('a group whose handshakes the relay can’t read', () => {
  test('[ML100] [ML103] is founded, joined, talked in, rotated and left, over a restart of the relay', async () => {
    const members = await groupOfThree('admin');
    const [alice, bob, carol] = members;
    await alice.group.send('hello, you two');
    await bob.group.send('hello');
    await carol.group.rotate();
    await stage.restartRelay();
    await alice.group.rotate();
    await assertOneGroup(members);
    await bob.group.catchUp();
    expect(await textsOf(bob.group)).toEqual(['hello, you two', 'hello']);
    await alice.group.remove(name(carol));
    await carol.group.catchUp();
    expect((await carol.group.view()).status.kind).toBe('removed');
    await bob.group.invite(name(people[3]));
    const dave = await join(people[3], alice.group.id);
    await dave.group.send('what did I miss?');
    await assertOneGroup([alice, bob, dave]);
    await dave.group.leave();
    await alice.group.send('he is gone');
    await dave.group.catchUp();
    expect((await dave.group.view()).status.kind).toBe('removed');
    expect(await membersOf(alice.group)).toEqual([alice, bob].map(name));
    await assertOneGroup([alice, bob]);
    expect((await itemsOf(bob.group)).map(({ kind }) => kind)).not.toContain('change-unread');
  });

  test('[MB4] [ML104] lets one commit of several win an epoch, and the others follow it', async () => {
    const members = await groupOfThree('admin');
    await Promise.all(members.map(({ group }) => group.rotate()));
    await assertOneGroup(members);
    // A change that is no commit makes one stale in its own epoch, and the next attempt uses another key.
    await Promise.all([
      members[0].group.changeRole(name(members[2]), 'member'),
      members[1].group.rotate(),
      members[0].group.send('and a word in between'),
    ]);
    await assertOneGroup(members);
    expect(await textsOf(members[2].group)).toEqual(['and a word in between']);
  });

  test('[ML103] shows the relay neither GroupInfo nor tree, and the state says so', async () => {
    const [alice, bob] = await groupOfThree();
    const read = async (path: string, accept?: string): Promise<Response> =>
      bob.session.request('GET', `/v1/chains/${alice.group.id}/${path}`, accept === undefined ? {} : { accept });
    const refused = await read('group-info');
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'opaque-handshakes' }]);
    const state = (await (await read('state', 'application/json')).json()) as {
      state: { value: { genesis: unknown; mls: { treeHash: string } } };
    };
    expect(state.state.value.genesis).toMatchObject({ parameters: { value: { handshakes: 'opaque' } } });
    expect((await read(`trees/${state.state.value.mls.treeHash}`)).status).toBe(404);
    const unheld = (await bob.group.view()).guarantees.filter(({ holds }) => !holds);
    expect(unheld.map(({ name: guarantee }) => guarantee)).toEqual(['checked-handshakes']);
    const plain = alice.session.createGroup({ membership: 'plain', handshakes: 'opaque' });
    await expect(plain).rejects.toThrow(TypeError);
  });
});

describe('a commit that does something else than its event says', () => {
  test('[ML102] [RC6] is followed by nobody and reported, and lets nobody out or in unseen', async () => {
    const [alice, mallory, carol] = await groupOfThree();
    // A member may not remove anybody: under cover of new keys it takes Carol's leaf out, and would talk without her.
    await alice.group.catchUp();
    lieOnce(({ roster }) => ({ roster: { ...roster, removed: [] } }));
    const { index } = await mallory.group.remove(name(carol));
    for (const { group } of [alice, carol]) {
      await group.catchUp();
      expect((await group.view()).status).toEqual({ kind: 'lost', index });
    }
    await mallory.group.catchUp();
    for (const { group } of [alice, mallory, carol]) {
      await group.catchUp();
      expect((await membersOf(group)).sort()).toEqual([alice, mallory, carol].map(name).sort());
      const reports = await group.reports();
      expect(reports.map(({ reporter }) => reporter).sort()).toEqual([alice, carol].map(name).sort());
      for (const one of reports) expect(one).toMatchObject({ commit: index, committer: name(mallory), fault: 'other' });
    }
    const unread = (await itemsOf(alice.group)).find((item) => item.index === index);
    expect(unread).toMatchObject({ unread: 'unprocessable', actor: name(mallory) });
  });

  test('[ML102] is not followed for another tree than it leads to, either', async () => {
    const [alice, mallory] = await groupOfThree();
    lieOnce(() => ({ treeHash: new Uint8Array(32) }));
    const { index } = await mallory.group.rotate();
    await alice.group.catchUp();
    expect((await alice.group.view()).status).toEqual({ kind: 'lost', index });
  });
});

test('[GM41] [RC10] [RC11] a group that nobody can follow goes on as another one, as opaque as it was', async () => {
  const [alice, ...others] = await groupOfThree();
  lieOnce(() => ({ treeHash: new Uint8Array(32) }));
  const { index: loss } = await alice.group.rotate();
  for (const { group } of others) {
    await group.catchUp();
    expect((await group.view()).status).toEqual({ kind: 'lost', index: loss });
  }
  const { index, successor, actors } = await alice.group.reinit();
  expect(actors.map(({ outcome }) => outcome)).toEqual(['invited', 'invited']);
  const members = [{ ...alice, group: await alice.session.group(successor) }];
  for (const other of others) {
    const group = await vi.waitFor(async () => {
      await other.group.catchUp();
      return other.session.group(successor);
    }, 60_000);
    expect((await other.group.view()).status).toMatchObject({ kind: 'reinitialised', index, successor });
    members.push({ ...other, group });
  }
  await members[2]!.group.send('here again');
  await assertOneGroup(members);
  expect(await textsOf(members[1]!.group)).toEqual(['here again']);
  const { guarantees } = await members[1]!.group.view();
  expect(guarantees.flatMap(({ name: guarantee, holds }) => (holds ? [] : [guarantee]))).toEqual([
    'checked-handshakes',
  ]);
  await expect(alice.group.rotate()).rejects.toMatchObject({ code: 'group-reinitialised' });
});

test('[RC11] a device that lost the thread is told who can help, and comes back by a removal and a new invitation', async () => {
  const [alice, bob, carol] = await groupOfThree();
  const chain = fromBase64Url(alice.group.id) as ChainId;
  const { mls } = chainKeys(chain);
  const old = await bob.storage.read(mls);
  await alice.group.rotate();
  await bob.group.send('still here');
  // Bob's storage comes back from a copy that was older.
  await bob.storage.commit([{ key: mls, value: old }]);
  const { index } = await alice.group.rotate();
  await bob.group.catchUp();
  expect((await bob.group.view()).status).toEqual({ kind: 'lost', index });
  const helpless = { code: 'resync-refused', advice: { kind: 'ask' } };
  await expect(bob.group.send('can you hear me?')).rejects.toMatchObject(helpless);
  await expect(bob.group.rotate()).rejects.toMatchObject(helpless);
  await alice.group.send('you have to come in again');
  await alice.group.remove(name(bob));
  await alice.group.invite(name(bob));
  const again = await join(bob, alice.group.id);
  await again.group.send('back');
  await assertOneGroup([alice, again, carol]);
  expect(await textsOf(carol.group)).toEqual(['still here', 'you have to come in again', 'back']);
  expect((await itemsOf(alice.group)).map(({ kind }) => kind)).not.toContain('resynced');
});
