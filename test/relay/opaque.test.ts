import { beforeEach, describe, expect, test } from 'vitest';
import {
  commitBundle,
  encode,
  sha256,
  utf8ToBytes,
  type CommitBundle,
  type MlsCommit,
  type MlsCreated,
  type Submission,
} from '../../core/index.ts';
import {
  AppendLimits,
  configureLimits,
  screenCommit,
  screenProposal,
  screenSubmissions,
  type RelayRefusal,
  type Screened,
} from '../../relay/index.ts';
import { encrypt, makeGroupInfo, processCommit, processProposal, type GroupState } from '../../sdk/mls/index.ts';
import { bytesFor } from '../durable-objects/bytes-for.ts';
import { checkSignatures, MemoryChain } from '../model/memory-chain.ts';
import { treeOf, valueOf } from '../sdk/mls/people.ts';
import {
  claimFor,
  claimKeyOf,
  draftCommit,
  draftCreation,
  draftProposal,
  draftReinit,
  draftResync,
  OPAQUE_PARAMETERS,
  type CommitDraft,
  type GroupPlace,
  type ProposalDraft,
} from '../support/mls-bundles.ts';
import { TestActor } from '../support/test-actor.ts';

const T0 = Date.UTC(2026, 0, 1);
const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map((name) => new TestActor(name)) as [
  TestActor,
  TestActor,
  TestActor,
  TestActor,
];
const NOTHING = new Uint8Array();
const claimKey = claimKeyOf(new Uint8Array(32));
const limits = new AppendLimits(configureLimits({ LIMIT_INVALID_COMMITS: 'off' }).limits);

let chain: MemoryChain;
/** In epoch 1, of three. */
let alices: GroupState;
let bobs: GroupState;

function place(): GroupPlace {
  return { chain: chain.id, seen: chain.seen, time: T0, claimKey, handshakes: 'opaque' };
}

function context() {
  return {
    head: chain.head,
    log: chain,
    clock: chain.clock,
    check: checkSignatures,
    claimTokenKey: claimKey.publicKey,
    followedGroup: () => {
      throw new Error('a group of opaque handshakes is not followed');
    },
    quotes: chain,
    limits,
  };
}

const screen = (bundle: CommitBundle): Screened => screenCommit(encode(commitBundle, bundle), context());
const reasonIn = (screened: Screened): unknown =>
  screened.ok ? 'accepted' : (screened.error['reason'] ?? screened.error.code);

async function reasonOf(draft: Partial<CommitDraft>, at = place()): Promise<unknown> {
  return reasonIn(screen((await draftCommit(at, alices, { actor: alice, ...draft })).bundle));
}

async function refusalOf(draft: Partial<CommitDraft>): Promise<RelayRefusal | undefined> {
  const screened = screen((await draftCommit(place(), alices, { actor: alice, ...draft })).bundle);
  return screened.ok ? undefined : screened.error;
}

function accept(bundle: CommitBundle): void {
  expect(chain.decide([valueOf(screen(bundle))])[0]?.kind).toBe('accepted');
}

const editBundle = (edit: (bundle: CommitBundle) => Partial<CommitBundle>) => ({
  editBundle: (bundle: CommitBundle) => ({ ...bundle, ...edit(bundle) }),
});
const editBody = (edit: (body: MlsCommit) => Partial<MlsCommit>) => ({
  editBody: (body: MlsCommit) => ({ ...body, ...edit(body) }),
});
/** Another commit than the one that was made, named by the event as it is. */
const replace = (commit: Uint8Array) => ({
  ...editBundle(() => ({ commit })),
  ...editBody(() => ({ commitHash: sha256(commit), commitSize: commit.length })),
});

beforeEach(async () => {
  chain = new MemoryChain(alice.genesis({ parameters: OPAQUE_PARAMETERS }, T0), T0);
  const created = await draftCreation(place(), alice);
  accept(created.bundle);
  const invitation = await draftCommit(place(), created.state, { actor: alice, add: [bob, carol] });
  accept(invitation.bundle);
  alices = invitation.next;
  [bobs] = (await invitation.join()) as [GroupState, GroupState];
});

describe('a commit that the relay can’t read', () => {
  test('[MB8] opens an epoch with the roster and the Welcomes that its event says', async () => {
    expect(chain.head.state).toMatchObject({
      kind: 'group',
      value: { mls: { epoch: 1 }, genesis: { parameters: { value: { handshakes: 'opaque' } } } },
    });
    const [, , invitation] = chain.rows;
    expect(invitation?.epochChange).toMatchObject({
      epoch: 1,
      groupInfo: undefined,
      tree: undefined,
      group: undefined,
    });
    expect(invitation?.epochChange?.welcome?.recipients).toEqual([bob.key, carol.key]);
    const removal = await draftCommit(place(), bobs, { actor: bob, remove: [carol] });
    expect(reasonIn(screen(removal.bundle))).toBe('not-permitted');
    const rotation = await draftCommit(place(), bobs, { actor: bob });
    accept(rotation.bundle);
    expect(chain.rows.at(-1)?.epochChange).toMatchObject({ epoch: 2, welcome: undefined });
    expect(valueOf(await processCommit(alices, rotation.bundle.commit, 'opaque')).committer).toEqual(bob.key);
  });

  test('[ML100] is a PrivateMessage with a commit, of this group and epoch', async () => {
    expect(await reasonOf({})).toBe('accepted');
    const { bundle: shown } = await draftCommit({ ...place(), handshakes: 'public' }, alices, { actor: alice });
    expect(await reasonOf(replace(shown.commit))).toBe('mls-wire-format');
    const said = valueOf(await encrypt(alices, utf8ToBytes('no commit'), NOTHING));
    expect(await reasonOf(replace(said.message))).toBe('mls-content-type');
    const { payload } = await draftProposal(place(), alices, { actor: alice });
    expect(await reasonOf(replace(payload))).toBe('mls-content-type');
    expect(await reasonOf(replace(utf8ToBytes('nothing at all')))).toMatch(/^mls-/);
    const { bundle } = await draftCommit(place(), alices, { actor: alice });
    // The version, the wire format and a length come before the group id, then the epoch in eight bytes.
    const groupId = bundle.commit.map((byte, at) => (at === 10 ? byte ^ 1 : byte));
    expect(await reasonOf(replace(groupId))).toBe('commit-group');
    const epoch = bundle.commit.map((byte, at) => (at === 5 + 32 + 7 ? byte + 1 : byte));
    expect(await reasonOf(replace(epoch))).toBe('commit-epoch');
    expect(await reasonOf(replace(Uint8Array.of(...bundle.commit, 0)))).toBe('mls-not-canonical');
  });

  test('[ML100] [RC11] is never one from outside, not even a member’s way back', async () => {
    const wayIn = { groupInfo: await makeGroupInfo(alices), ratchetTree: treeOf(alices) };
    const { bundle: shown } = await draftResync(place(), wayIn, {
      actor: bob,
      ...editBundle(() => ({ groupInfo: NOTHING })),
      ...editBody(() => ({ groupInfoHash: sha256(NOTHING), groupInfoSize: 0 })),
    });
    expect(reasonIn(screen(shown))).toBe('mls-wire-format');
  });

  test('[GM41] [GM42] of a ReInit ends the group by its event, which is an owner’s, and nothing comes after it', async () => {
    const successor = bytesFor('successor', 0, 32);
    const reinit = async (draft: Partial<Parameters<typeof draftReinit>[2]> = {}, state = alices) =>
      (await draftReinit(place(), state, { actor: alice, successor, ...draft })).bundle;
    expect(reasonIn(screen(await reinit({ actor: bob }, bobs)))).toBe('not-permitted');
    const { welcome } = (await draftCommit(place(), alices, { actor: alice, add: [dave] })).bundle;
    expect(reasonIn(screen(await reinit(editBundle(() => ({ welcome })))))).toBe('welcome-mismatch');
    expect(reasonIn(screen(await reinit(editBundle(() => ({ groupInfo: utf8ToBytes('the whole tree') })))))).toBe(
      'stray-message',
    );
    accept(await reinit());
    expect(chain.head.state).toMatchObject({ value: { mls: { successor: { chain: successor, ciphersuite: 1 } } } });
    const late = await draftCommit(place(), bobs, { actor: bob });
    expect(reasonIn(screen(late.bundle))).toBe('group-reinitialised');
  });

  test('[MB8] is the one that its event names, and names its event', async () => {
    expect(await reasonOf(editBody(({ commitSize }) => ({ commitSize: commitSize + 1 })))).toBe('commit-hash');
    expect(await reasonOf(editBundle(() => ({ commit: NOTHING })))).toBe('commit-hash');
    expect(await reasonOf({ boundTo: bytesFor('another', 0, 16) })).toBe('authenticated-data');
    const { bundle } = await draftCommit(place(), alices, { actor: alice });
    const stolen = await draftCommit(place(), bobs, { actor: bob, ...replace(bundle.commit) });
    expect(reasonIn(screen(stolen.bundle))).toBe('authenticated-data');
  });

  test('[ML103] brings no GroupInfo, and its event names none', async () => {
    const groupInfo = utf8ToBytes('the whole tree');
    expect(await reasonOf(editBundle(() => ({ groupInfo })))).toBe('stray-message');
    const named = editBody(() => ({ groupInfoHash: sha256(groupInfo), groupInfoSize: groupInfo.length }));
    expect(await reasonOf({ ...named, ...editBundle(() => ({ groupInfo })) })).toBe('stray-message');
    expect(await reasonOf(named)).toBe('group-info-hash');
    expect(await reasonOf(editBody(() => ({ groupInfoHash: new Uint8Array(32) })))).toBe('group-info-hash');
  });

  test('[ML101] brings a Welcome for exactly the KeyPackages that its event says', async () => {
    const add = [dave];
    const mismatch = { code: 'welcome-mismatch' };
    expect(await reasonOf({ add })).toBe('accepted');
    expect(await refusalOf({ add, ...editBundle(() => ({ welcome: NOTHING })) })).toEqual(mismatch);
    const { bundle } = await draftCommit(place(), alices, { actor: alice, add });
    expect(await refusalOf(editBundle(() => ({ welcome: bundle.welcome })))).toEqual(mismatch);
    const other = bytesFor('ref', 1, 32);
    const renamed = editBody(({ welcomeRefs: [one] }) => ({ welcomeRefs: [{ ...one!, keyPackageRef: other }] }));
    expect(await refusalOf({ add, ...renamed })).toEqual(mismatch);
    expect(await reasonOf({ add, ...editBundle(() => ({ welcome: utf8ToBytes('come in') })) })).toMatch(/^mls-/);
    // Erin is not in the group either: two who are to share one KeyPackage.
    const erin = new TestActor('erin');
    const shared = editBody(({ welcomeRefs: [one] }) => ({
      welcomeRefs: [one!, { ...one!, actor: erin.key }],
      roster: { added: [dave, erin].map(({ key: actor }) => ({ actor, role: 'member' as const })), removed: [] },
    }));
    expect(await refusalOf({ add, ...shared })).toEqual(mismatch);
    const both = await draftCommit(place(), alices, { actor: alice, add: [dave, erin] });
    const doubled = await refusalOf({
      add,
      ...shared,
      ...editBundle(({ claimTokens: [token] }) => ({
        welcome: both.bundle.welcome,
        claimTokens: [token!, token!],
      })),
    });
    expect(doubled).toEqual(mismatch);
  });

  test('[MB5] adds what was claimed of whom its event says, though nobody can see what it adds', async () => {
    const add = [dave];
    expect(await refusalOf({ add, ...editBundle(() => ({ claimTokens: [] })) })).toMatchObject({
      code: 'claim-token-missing',
    });
    // Bob's accomplice gave a KeyPackage; the Welcome would go to Erin's mailbox, who never gave one to anybody.
    const erin = new TestActor('erin');
    const elsewhere = editBody(({ welcomeRefs: [one] }) => ({
      welcomeRefs: [{ ...one!, actor: erin.key }],
      roster: { added: [{ actor: erin.key, role: 'member' }], removed: [] },
    }));
    expect(await refusalOf({ add, ...elsewhere })).toEqual({ code: 'claim-token-invalid', reason: 'signature' });
    const ofErin = (bundle: CommitBundle) => ({
      claimTokens: bundle.claimTokens.map(({ keyPackageRef, expiresAt }) =>
        claimFor(place(), { actor: erin.key, keyPackageRef }, expiresAt),
      ),
    });
    expect(await refusalOf({ add, ...elsewhere, ...editBundle(ofErin) })).toBeUndefined();
  });

  test('[MB4] [MB8] wins its epoch alone: another gets the winner', async () => {
    const [first, second] = [
      await draftCommit(place(), alices, { actor: alice }),
      await draftCommit(place(), bobs, { actor: bob }),
    ];
    accept(first.bundle);
    const lost = screen(second.bundle);
    expect(lost.ok ? undefined : lost.error).toMatchObject({
      code: 'commit-lost',
      epoch: 2,
      commit: first.bundle.commit,
    });
    const retry = chain.decide([valueOf(screen(first.bundle))])[0];
    expect(retry?.kind).toBe('repeated');
  });
});

test('[MB8] a group of opaque handshakes is founded by its event alone', async () => {
  chain = new MemoryChain(alice.genesis({ parameters: OPAQUE_PARAMETERS }, T0), T0);
  const created = async (edit?: (body: MlsCreated) => MlsCreated, bundle: Partial<CommitBundle> = {}) => {
    const drafted = await draftCreation(place(), alice, edit && { edit });
    return reasonIn(screen({ ...drafted.bundle, ...bundle }));
  };
  const message = utf8ToBytes('a message');
  for (const stray of [{ commit: message }, { welcome: message }, { groupInfo: message }]) {
    expect(await created(undefined, stray)).toBe('stray-message');
  }
  expect(await created((body) => ({ ...body, groupInfoHash: sha256(message), groupInfoSize: 9 }))).toBe(
    'group-info-hash',
  );
  expect(await created((body) => ({ ...body, ciphersuite: 4 }))).toBe('unsupported-ciphersuite');
  expect(await created()).toBe('accepted');
});

describe('a proposal that the relay can’t read', () => {
  function screened(submission: Submission): Screened {
    const [one] = screenSubmissions([submission], chain.id, checkSignatures);
    return screenProposal(valueOf(one as Screened), context());
  }
  const reason = async (draft: Partial<ProposalDraft>, at = place()): Promise<unknown> =>
    reasonIn(screened(await draftProposal(at, bobs, { actor: bob, ...draft })));

  test('[MB8] is a PrivateMessage with a proposal of this group and epoch which names its event', async () => {
    const drafted = await draftProposal(place(), bobs, { actor: bob });
    const candidate = valueOf(screened(drafted));
    expect(candidate.proposal).toMatchObject({ epoch: 1, bytes: drafted.payload, proposal: undefined });
    expect(chain.decide([candidate])[0]?.kind).toBe('accepted');
    expect(valueOf(await processProposal(alices, drafted.payload, 'opaque')).proposer).toEqual(bob.key);
  });

  test('[MB8] is refused for what it is not', async () => {
    expect(await reason({}, { ...place(), handshakes: 'public' })).toBe('mls-wire-format');
    expect(await reason({ boundTo: bytesFor('another', 0, 16) })).toBe('authenticated-data');
    expect(await reason({ editMessage: () => utf8ToBytes('let me go') })).toMatch(/^mls-/);
    const { bundle } = await draftCommit(place(), alices, { actor: alice });
    expect(await reason({ editMessage: () => bundle.commit })).toBe('mls-content-type');
    const edit = (at: number) => (message: Uint8Array) => message.map((byte, i) => (i === at ? byte ^ 1 : byte));
    expect(await reason({ editMessage: edit(10) })).toBe('proposal-group');
    expect(await reason({ editMessage: edit(5 + 32 + 7) })).toBe('proposal-epoch');
  });

  test('[GM31] is one to leave, and two that come together are one', async () => {
    expect(await reason({ editBody: (body) => ({ ...body, purpose: 'other' }) })).toBe('opaque-handshakes');
    const both = await Promise.all([1, 2].map(() => draftProposal(place(), bobs, { actor: bob })));
    const decisions = chain.decide(both.map((one) => valueOf(screened(one))));
    expect(decisions.map((one) => (one.kind === 'refused' ? one.refusal.code : one.kind))).toEqual([
      'accepted',
      'opaque-handshakes',
    ]);
  });
});
