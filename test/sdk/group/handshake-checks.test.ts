import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  equalBytes,
  groupMessage,
  mlsCommit,
  mlsProposal,
  sha256,
  type GroupState,
  type MlsCommit,
  type MlsProposal,
} from '../../../core/index.ts';
import { encodeAuthenticatedData } from '../../../core/mls/index.ts';
import type { VerifiedEntry } from '../../../sdk/chain/page-verification.ts';
import { memoryStorage, NetworkError, RelayProblem, type Storage } from '../../../sdk/index.ts';
import { encrypt, proposeLeave, treeHashOf, type GroupState as MlsState } from '../../../sdk/mls/index.ts';
import { openState } from '../../../sdk/mls/open-state.ts';
import { addition, commitAnything, newExtensions, removal } from '../mls/malice.ts';
import { groupOf, keyPackageOf, makeCast, NOW_MS, prepare, valueOf, type Cast, type Person } from '../mls/people.ts';
import { entryOf, eventId, genesisOf, openAs, openingOf } from './opening.ts';

type ThreeStates = [MlsState, MlsState, MlsState];

let cast: Cast;
let [adas, bobs, cems] = [] as unknown as ThreeStates;
let storage: Storage;
beforeAll(async () => {
  vi.setSystemTime(NOW_MS);
  cast = await makeCast();
  [adas, bobs, cems] = (await groupOf([cast.ada, cast.bob, cast.cem])) as ThreeStates;
});
afterAll(() => vi.useRealTimers());
beforeEach(() => {
  storage = memoryStorage();
});

const naming = ({ actor }: Person): Uint8Array => encodeAuthenticatedData({ actor, eventId: eventId(1) });
const three = (): Person[] => [cast.ada, cast.bob, cast.cem];

interface Told extends Partial<MlsCommit> {
  readonly by?: Person;
  readonly role?: 'member' | 'admin';
}

/** The entry of a commit that changes nobody, unless it tells something else. */
function commitEntry(commit: Uint8Array, treeHash: Uint8Array, told: Told = {}): VerifiedEntry {
  const { by = cast.ada, role = 'member', ...change } = told;
  const none = {
    groupInfoHash: new Uint8Array(32),
    groupInfoSize: 0,
    welcomeRefs: [],
    roster: { added: [], removed: [] },
  };
  const named = { commitHash: sha256(commit), commitSize: commit.length, treeHash };
  const body = mlsCommit.encodeBody({ epoch: 1, ...none, ...named, ...change });
  return entryOf(7, { actor: by.actor, eventId: eventId(1), type: mlsCommit.type, body }, commit, three(), role);
}

describe('a commit of another', () => {
  test('[GM40] that replaces the group’s extensions is followed where an admin made it, and else by nobody', async () => {
    const data = { authenticatedData: naming(cast.ada) };
    const { commit, client } = await commitAnything(adas, [newExtensions()], data);
    const entryBy = (role: 'member' | 'admin') => commitEntry(commit, client.groupContext.treeHash, { role });
    const read = async (role: 'member' | 'admin') =>
      (await openAs(cast.bob, storage, { state: bobs, entry: entryBy(role) })).record;
    expect(await read('admin')).toMatchObject({ lostAt: undefined, state: { epoch: 2 } });
    expect(await read('member')).toMatchObject({ lostAt: 7, state: { epoch: 1 } });
  });

  test('[ML102] that gives a member another leaf, of which its entry says nothing, is not followed', async () => {
    const { message, ref } = await keyPackageOf(cast.cem);
    const change = [removal(cems.leafIndex), addition(message)];
    const { commit, client } = await commitAnything(adas, change, { authenticatedData: naming(cast.ada) });
    const welcomeRefs = [{ actor: cast.cem.actor, keyPackageRef: ref }];
    const entry = commitEntry(commit, client.groupContext.treeHash, { welcomeRefs });
    const { record } = await openAs(cast.bob, storage, { state: bobs, entry });
    expect(record).toMatchObject({ lostAt: 7, state: { epoch: 1 } });
  });
});

test('[CL8] [CL50] a commit of one’s own is known by its hash and its author, and what was set aside is forgotten', async () => {
  for (const [by, expected] of [
    [cast.ada, { lostAt: undefined, state: { epoch: 2 } }],
    [cast.bob, { lostAt: 7, state: { epoch: 1 } }],
  ] as const) {
    const [made, other] = [await prepare(adas), await prepare(adas)];
    const { store } = openingOf(storage, cast.ada);
    await storage.commit([store.putSetAside([other, made])]);
    const entry = commitEntry(made.commit, made.treeHash, { by });
    const { record } = await openAs(cast.ada, storage, { state: adas, entry });
    expect(record).toMatchObject(expected);
    expect(equalBytes(treeHashOf(record!.state), made.treeHash)).toBe(by === cast.ada);
    expect(await store.setAside()).toEqual([]);
  }
});

describe('a proposal', () => {
  interface ToldOfProposal extends Partial<MlsProposal> {
    readonly by?: Person;
    readonly event?: number;
    /** Whom the proposal says to be from. */
    readonly dataBy?: Person;
  }

  /** Bob asks to leave in event 1; the entry may say otherwise. */
  async function proposalEntry({
    by = cast.bob,
    event = 1,
    dataBy = cast.bob,
    ...change
  }: ToldOfProposal = {}): Promise<VerifiedEntry> {
    const { message, ref } = valueOf(await proposeLeave(bobs, naming(dataBy)));
    const named = { proposalRef: ref, proposalHash: sha256(message), proposalSize: message.length };
    const body = mlsProposal.encodeBody({ epoch: 1, purpose: 'leave', ...named, ...change });
    const fields = { actor: by.actor, eventId: eventId(event), type: mlsProposal.type, body };
    return entryOf(6, fields, message, three());
  }

  const takenFrom = async (entry: VerifiedEntry): Promise<number> => {
    const { record } = await openAs(cast.ada, storage, { state: adas, entry });
    return Object.keys(openState(record!.state).client.unappliedProposals).length;
  };

  test('[CL11] [ML81] is taken in where author, event, epoch and reference are those of its entry', async () => {
    expect(await takenFrom(await proposalEntry())).toBe(1);
    for (const lie of [
      { by: cast.cem, dataBy: cast.cem },
      { event: 2 },
      { epoch: 2 },
      { proposalRef: new Uint8Array(32) },
    ]) {
      expect(await takenFrom(await proposalEntry(lie))).toBe(0);
    }
  });

  test('[RC4] [MB8] of an opaque group is asked for again where the relay keeps it back', async () => {
    const { state, ...entry } = await proposalEntry();
    const parameters = { kind: 'group', value: { handshakes: 'opaque' } };
    const genesis = { ...genesisOf(30 * 86_400_000), parameters };
    const value = { ...state.value, genesis } as GroupState;
    const withheld: VerifiedEntry = { ...entry, payload: undefined, state: { kind: 'group', value } };
    const client = { payload: () => Promise.reject(new RelayProblem('not-found')) };
    const opening = openAs(cast.ada, storage, { state: adas, entry: withheld, client });
    await expect(opening).rejects.toMatchObject({ code: 'payload-withheld', index: 6 });
  });
});

describe('the bytes of a message', () => {
  async function messageEntry(change: { readonly payloadSize?: number } = {}) {
    const { message } = valueOf(await encrypt(adas, new TextEncoder().encode('hello'), naming(cast.ada)));
    const named = { payloadHash: sha256(message), payloadSize: message.length };
    const body = groupMessage.encodeBody({ epoch: 1, contentType: 0, ...named, ...change });
    const event = { actor: cast.ada.actor, eventId: eventId(1), type: groupMessage.type, body };
    return { message, entry: entryOf(5, event, message, three()) };
  }

  test('[CL10] refuse the page unless they are the named ones, whether they came along or were asked for', async () => {
    const { message, entry } = await messageEntry();
    const other = message.with(9, message[9]! ^ 1);
    const mismatch = { code: 'payload-mismatch', index: 5 };
    const open = (payload: Uint8Array | undefined, given = message) =>
      openAs(cast.bob, storage, {
        state: bobs,
        entry: { ...entry, payload },
        client: { payload: () => Promise.resolve(given) },
      });
    await expect(open(other)).rejects.toMatchObject(mismatch);
    await expect(open(undefined, other)).rejects.toMatchObject(mismatch);
    expect((await open(undefined)).content).toMatchObject({ kind: 'message' });
    const { entry: longer } = await messageEntry({ payloadSize: message.length + 1 });
    await expect(openAs(cast.bob, storage, { state: bobs, entry: longer })).rejects.toMatchObject(mismatch);
  });

  test('[CL10] are gone where the relay says so, and where it can’t be asked the page is read again later', async () => {
    const { entry } = await messageEntry();
    const open = (answer: Error) =>
      openAs(cast.bob, storage, {
        state: bobs,
        entry: { ...entry, payload: undefined },
        client: { payload: () => Promise.reject(answer) },
      });
    for (const code of ['not-found', 'payload-expired'] as const) {
      expect((await open(new RelayProblem(code))).content).toMatchObject({ value: { reason: 'expired' } });
    }
    for (const answer of [new RelayProblem('payload-unavailable'), new NetworkError('unreachable', 'no way there')]) {
      await expect(open(answer)).rejects.toBe(answer);
    }
  });

  test('[CL8] [ML42] are read once: the key that opened them is used up in the same write', async () => {
    const { entry } = await messageEntry();
    const { record } = await openAs(cast.bob, storage, { state: bobs, entry });
    const { content } = await openAs(cast.bob, storage, { state: record!.state, entry });
    expect(content).toMatchObject({ kind: 'sealed', value: { reason: 'unreadable' } });
  });
});
