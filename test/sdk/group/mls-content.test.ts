import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { groupMessage, mlsCommit, sha256, type ChainId, type GroupState, type MlsCommit } from '../../../core/index.ts';
import { encodeAuthenticatedData } from '../../../core/mls/index.ts';
import type { VerifiedEntry } from '../../../sdk/chain/page-verification.ts';
import { contentOf } from '../../../sdk/group/entry-content.ts';
import { joinAt } from '../../../sdk/group/mls-admission.ts';
import { memoryStorage, RelayProblem, type Storage } from '../../../sdk/index.ts';
import { encrypt, membersOf, type GroupState as MlsState } from '../../../sdk/mls/index.ts';
import { PreSharedKeys } from '../../../sdk/pre-shared-keys.ts';
import type { RelayClient } from '../../../sdk/relay-client.ts';
import {
  foundGroup,
  GROUP_ID,
  groupOf,
  keyPackageOf,
  makeCast,
  NOW_MS,
  prepare,
  valueOf,
  type Cast,
  type Person,
  treeOf,
} from '../mls/people.ts';
import { entryOf, eventId, genesisOf, openAs, openingOf } from './opening.ts';

const chain = GROUP_ID as ChainId;

let cast: Cast;
let storage: Storage;
beforeAll(async () => {
  cast = await makeCast();
});
beforeEach(() => {
  storage = memoryStorage();
});

/** A relay that serves this tree, whatever it is asked for. */
function sourceOf(tree: Uint8Array) {
  const client: Partial<RelayClient> = { tree: async () => tree };
  return { client: client as RelayClient, chain, now: () => NOW_MS };
}

/** Opens one entry as bob, whose keys are `state`, and stores what that used up. */
const open = (state: MlsState | undefined, entry: VerifiedEntry, client?: Partial<RelayClient>) =>
  openAs(cast.bob, storage, { state, entry, client });

interface Said {
  readonly by?: Person;
  /** Whom the ciphertext says to be from. */
  readonly dataBy?: Person;
  readonly entryId?: Uint8Array;
  readonly entryEpoch?: number;
}

/** Ada's message for event 1, in an entry that may say otherwise. */
async function saidBy(
  ada: MlsState,
  { by = cast.ada, dataBy = cast.ada, entryId = eventId(1), entryEpoch = 1 }: Said = {},
) {
  const data = encodeAuthenticatedData({ actor: dataBy.actor, eventId: eventId(1) });
  const { message } = valueOf(await encrypt(ada, new TextEncoder().encode('hello'), data));
  const body = { epoch: entryEpoch, contentType: 0, payloadHash: sha256(message), payloadSize: message.length };
  const event = { actor: by.actor, eventId: entryId, type: groupMessage.type, body: groupMessage.encodeBody(body) };
  return entryOf(5, event, message, [cast.ada, cast.bob]);
}

/** The same in a group whose genesis says `authenticated_data: optional`. */
function inOpenGroup(entry: VerifiedEntry): VerifiedEntry {
  const parameters = { kind: 'group', value: { authenticatedData: 'optional' } };
  const genesis = { ...entry.state.value.genesis, parameters };
  return { ...entry, state: { kind: 'group', value: { ...entry.state.value, genesis } as GroupState } };
}

const sealed = (reason: string, epoch = 1): unknown => ({ kind: 'sealed', value: { epoch, reason } });

describe('a decrypted message', () => {
  test('[CL11] is shown where sender, event and epoch are what the entry says', async () => {
    const [ada, bob] = await groupOf([cast.ada, cast.bob]);
    const { content } = await open(bob, await saidBy(ada!));
    expect(content).toMatchObject({ kind: 'message', value: { epoch: 1, bytes: new TextEncoder().encode('hello') } });
  });

  test('[CL11] is not shown under another actor, another event or another epoch', async () => {
    const lies: Said[] = [
      { by: cast.cem },
      { by: cast.cem, dataBy: cast.cem },
      { entryId: eventId(2) },
      { entryEpoch: 0 },
    ];
    for (const lie of lies) {
      const [ada, bob] = await groupOf([cast.ada, cast.bob, cast.cem]);
      const { content, record } = await open(bob, await saidBy(ada!, lie));
      expect(content).toEqual(sealed('unreadable', lie.entryEpoch ?? 1));
      expect(record?.lostAt).toBeUndefined();
    }
  });

  test('[CL11, ML4] may name another event or none where the genesis leaves that open, and still no other sender', async () => {
    const shown = async (lie: Said): Promise<string> => {
      const [ada, bob] = await groupOf([cast.ada, cast.bob]);
      return (await open(bob, inOpenGroup(await saidBy(ada!, lie)))).content!.kind;
    };
    expect(await shown({ entryId: eventId(2) })).toBe('message');
    for (const lie of [{ by: cast.cem }, { entryEpoch: 0 }]) expect(await shown(lie)).toBe('sealed');
  });

  test('that is damaged, of a time before joining, or of one’s own on another storage, is shown as sealed', async () => {
    const [ada, bob] = await groupOf([cast.ada, cast.bob]);
    const entry = await saidBy(ada!);
    const damaged = entry.payload!.slice();
    damaged[damaged.length - 1]! ^= 1;
    const body = { epoch: 1, contentType: 0, payloadHash: sha256(damaged), payloadSize: damaged.length };
    const event = { ...entry.event, body: groupMessage.encodeBody(body) };
    expect((await open(bob, { ...entry, event, payload: damaged })).content).toEqual(sealed('unreadable'));
    storage = memoryStorage();
    expect((await open(undefined, entry)).content).toEqual(sealed('not-member'));
    expect((await open(bob, await saidBy(ada!, { by: cast.bob }))).content).toEqual(sealed('own-copy-lost'));
  });

  test('whose bytes are gone is sealed as expired, and its neighbours still open', async () => {
    const [ada, bob] = await groupOf([cast.ada, cast.bob]);
    const first = await saidBy(ada!);
    const late = { ...first, payload: undefined, relayTime: NOW_MS - 60_000 };
    const { content, record } = await open(bob, late);
    expect(content).toEqual(sealed('expired'));
    expect((await open(record!.state, await saidBy(ada!))).content).toMatchObject({ kind: 'message' });
  });
});

interface Told {
  readonly by?: Person;
  readonly added?: readonly Person[];
  readonly removed?: readonly Person[];
  readonly event?: number;
  readonly edit?: (body: MlsCommit) => Partial<MlsCommit>;
}

/** Ada adds Cem; the entry may tell something else. */
async function addition({ by = cast.ada, added = [cast.cem], removed = [], event = 1, edit }: Told = {}) {
  const [ada, bob] = await groupOf([cast.ada, cast.bob]);
  const keyPackage = await keyPackageOf(cast.cem);
  const authenticatedData = encodeAuthenticatedData({ actor: cast.ada.actor, eventId: eventId(1) });
  const pending = await prepare(ada!, { add: [keyPackage.message], authenticatedData });
  const body: MlsCommit = {
    epoch: 1,
    commitHash: pending.commitHash,
    commitSize: pending.commit.length,
    groupInfoHash: sha256(pending.groupInfo),
    groupInfoSize: pending.groupInfo.length,
    treeHash: pending.treeHash,
    welcomeRefs: [{ actor: cast.cem.actor, keyPackageRef: keyPackage.ref }],
    roster: {
      added: added.map(({ actor }) => ({ actor, role: 'member' as const })),
      removed: removed.map(({ actor }) => actor),
    },
  };
  const told = mlsCommit.encodeBody({ ...body, ...edit?.(body) });
  const encoded = { actor: by.actor, eventId: eventId(event), type: mlsCommit.type, body: told };
  const entry = entryOf(7, encoded, pending.commit, [cast.ada, cast.bob, cast.cem]);
  return { ada: ada!, bob: bob!, keyPackage, pending, body, entry };
}

describe('a commit', () => {
  test('[CL11] is followed where it does what its entry says', async () => {
    const { bob, entry } = await addition();
    const { content, record } = await open(bob, entry);
    expect(content).toMatchObject({ kind: 'membersChanged', value: { epoch: 2 } });
    expect(record).toMatchObject({ lostAt: undefined, state: { epoch: 2 } });
    expect(membersOf(record!.state)).toHaveLength(3);
  });

  test('[CL11] that does something else than its entry says, or is gone, loses the group and says where', async () => {
    const lies: Told[] = [
      { by: cast.dan },
      { added: [] },
      { added: [cast.dan] },
      { removed: [cast.bob] },
      { event: 2 },
      { edit: ({ treeHash }) => ({ treeHash: sha256(treeHash) }) },
      { edit: ({ welcomeRefs }) => ({ welcomeRefs: welcomeRefs.map((one) => ({ ...one, actor: cast.dan.actor })) }) },
    ];
    for (const lie of lies) {
      const { bob, entry } = await addition(lie);
      expect((await open(bob, entry)).record).toMatchObject({ lostAt: 7, state: { epoch: 1 } });
    }
    const { bob, entry } = await addition();
    const gone = { ...entry, payload: undefined, relayTime: NOW_MS - 60_000 };
    const { record } = await open(bob, gone);
    expect(record).toMatchObject({ lostAt: 7 });
    // From there on nothing decrypts, and nothing pretends to.
    const [ada] = await groupOf([cast.ada, cast.bob]);
    const { opening } = openingOf(storage, cast.bob);
    const later = await saidBy(ada!, { entryEpoch: 2 });
    expect(await contentOf(later, await opening.begin())).toEqual(sealed('lost-epoch', 2));
  });
});

test('[RC4] a commit that the relay keeps back is asked for again, and loses nobody their group', async () => {
  const { bob, entry } = await addition();
  const retentionMs = 30 * 86_400_000;
  const value = { ...entry.state.value, genesis: genesisOf(retentionMs) } as GroupState;
  const withheld = { ...entry, payload: undefined, state: { kind: 'group', value } as const };
  const silent = { payload: () => Promise.reject(new RelayProblem('not-found')) };
  await expect(open(bob, withheld, silent)).rejects.toMatchObject({ code: 'payload-withheld', index: 7 });
  const old = { ...withheld, relayTime: NOW_MS - retentionMs + 60_000 };
  const { content, record } = await open(bob, old, silent);
  expect(record).toMatchObject({ lostAt: 7 });
  expect(content).toMatchObject({ kind: 'changeUnread', value: { epoch: 2, reason: 'missing' } });
});

test('[RC4] a commit of a later epoch shows that the keys here are of an old copy', async () => {
  const { bob, entry, body } = await addition();
  const later = { ...body, epoch: 3 };
  const event = { ...entry.event, body: mlsCommit.encodeBody(later) };
  const { content, record } = await open(bob, { ...entry, event });
  expect(record).toMatchObject({ lostAt: 7, state: { epoch: 1 } });
  expect(content).toMatchObject({ kind: 'changeUnread', value: { epoch: 4, reason: 'future' } });
});

test('[CL11, ML4] a commit may name no event where the genesis leaves that open, and still does what its entry says', async () => {
  for (const [lie, lostAt] of [
    [{ event: 2 }, undefined],
    [{ added: [cast.dan] }, 7],
    [{ by: cast.dan }, 7],
  ] as const) {
    const { bob, entry } = await addition(lie);
    expect((await open(bob, inOpenGroup(entry))).record).toMatchObject({ lostAt });
  }
});

describe('joining', () => {
  /** Cem, who holds the private half of the KeyPackage that was used. */
  async function joiner(change: (body: MlsCommit) => Partial<MlsCommit> = () => ({})) {
    const made = await addition();
    const { pool } = openingOf(storage, cast.cem);
    pool.find = async (ref) => (ref === made.keyPackage.ref ? made.keyPackage.privateState : undefined);
    const body = { ...made.body, ...change(made.body) };
    const source = sourceOf(treeOf(made.pending.next));
    const at = { pool, self: cast.cem.actor, source, preSharedKeys: new PreSharedKeys(storage) };
    return { ...made, join: (entry = made.entry) => joinAt(entry, body, made.pending.welcome!, at) };
  }

  test('[CL12] takes up the keys where group, epoch, tree, inviter and members are the log’s', async () => {
    const { join } = await joiner();
    const { state } = await join();
    expect(state).toMatchObject({ epoch: 2, actor: cast.cem.actor });
  });

  test('[CL12] refuses a Welcome that leads elsewhere than the entry', async () => {
    for (const change of [{ epoch: 5 }, { treeHash: new Uint8Array(32) }]) {
      const { join } = await joiner(() => change);
      await expect(join()).rejects.toMatchObject({ code: 'group-mismatch', index: 7 });
    }
    const { join, entry } = await joiner();
    const byDan = { ...entry, event: { ...entry.event, actor: cast.dan.actor } };
    await expect(join(byDan)).rejects.toMatchObject({ code: 'group-mismatch', message: /inviter/ });
    const fewer = entryOf(7, entry.event, entry.payload, [cast.ada, cast.cem]);
    await expect(join(fewer)).rejects.toMatchObject({ code: 'group-mismatch', message: /members/ });
    const { pool, ...rest } = { pool: openingOf(storage, cast.cem).pool, self: cast.cem.actor };
    pool.find = async () => (await keyPackageOf(cast.cem)).privateState;
    const { body, pending } = await addition();
    const other = { ...rest, pool, source: sourceOf(treeOf(pending.next)), preSharedKeys: new PreSharedKeys(storage) };
    await expect(joinAt(entry, body, pending.welcome!, other)).rejects.toMatchObject({ code: 'not-invited' });
  });

  test('[CL12] of another group is refused though the Welcome is sound', async () => {
    const { keyPackage, body, pending, entry } = await addition();
    const { pool } = openingOf(storage, cast.cem);
    pool.find = async () => keyPackage.privateState;
    const source = { ...sourceOf(treeOf(pending.next)), chain: new Uint8Array(32).fill(8) as ChainId };
    const elsewhere = { pool, self: cast.cem.actor, source, preSharedKeys: new PreSharedKeys(storage) };
    const joining = joinAt(entry, body, pending.welcome!, elsewhere);
    await expect(joining).rejects.toMatchObject({ code: 'group-mismatch', message: /group/ });
    expect((await foundGroup(cast.ada)).epoch).toBe(0);
  });
});
