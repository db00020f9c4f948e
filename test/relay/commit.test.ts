import type { Proposal } from 'ts-mls';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  commitBundle,
  DAY_MS,
  decodeTrusted,
  encode,
  eventTbs,
  groupMessage,
  mlsCommit,
  sha256,
  utf8ToBytes,
  type ClaimToken,
  type CommitBundle,
  type MlsCommit,
  type MlsCreated,
} from '../../core/index.ts';
import { bootstrapGroup, encodeAuthenticatedData, MAX_TREE_BYTES, parseKeyPackage } from '../../core/mls/index.ts';
import {
  AppendLimits,
  configureLimits,
  decideFlush,
  screenCommit,
  screenSubmissions,
  type Candidate,
  type RelayRefusal,
  type Screened,
} from '../../relay/index.ts';
import { encrypt, exportSecret, newKeyPackage, processCommit, type GroupState } from '../../sdk/mls/index.ts';
import { makeGroupInfoWithoutTree } from '../../sdk/mls/create-group.ts';
import { makeState, openState } from '../../sdk/mls/open-state.ts';
import { byReference, byValue, forgeCommit, joinFromOutside } from '../core/mls/public-group/crew.ts';
import { bytesFor } from '../durable-objects/bytes-for.ts';
import { checkSignatures, MemoryChain } from '../model/memory-chain.ts';
import { newExtensions, preSharedKey, removal, requiredCapabilities, withFatLeaves } from '../sdk/mls/malice.ts';
import { makePerson, valueOf, treeOf } from '../sdk/mls/people.ts';
import {
  claimFor,
  claimKeyOf,
  draftCommit,
  draftCreation,
  draftReinit,
  draftResync,
  MLS_PARAMETERS,
  mlsIdentityFor,
  usurperOf,
  type CommitDraft,
  type GroupPlace,
  type WayIn,
} from '../support/mls-bundles.ts';
import { suspendMember } from '../../core/state/group/roster.ts';
import { TestActor } from '../support/test-actor.ts';

const T0 = Date.UTC(2026, 0, 1);
const alice = new TestActor('alice');
const bob = new TestActor('bob');
const carol = new TestActor('carol');
const NOTHING = new Uint8Array();
const claimKey = claimKeyOf(new Uint8Array(32));
type WelcomeRef = MlsCommit['welcomeRefs'][number];

let chain: MemoryChain;
let state: GroupState;
let groupInfo: Uint8Array | undefined;
let ratchetTree: Uint8Array;

/** By Alice unless a test says otherwise. */
type Draft = Partial<CommitDraft>;

async function draft(wanted: Draft = {}): Promise<{ body: Uint8Array; next: GroupState; groupInfo: Uint8Array }> {
  const { bundle, next } = await draftCommit(place(), state, { actor: alice, ...wanted });
  return { body: encode(commitBundle, bundle), next, groupInfo: bundle.groupInfo };
}

function place(): GroupPlace {
  return { chain: chain.id, seen: chain.seen, time: T0, claimKey };
}

const limits = new AppendLimits(configureLimits({ LIMIT_INVALID_COMMITS: 'off' }).limits);

function screen(body: Uint8Array, within = limits) {
  const context = {
    head: chain.head,
    log: chain,
    clock: chain.clock,
    check: checkSignatures,
    claimTokenKey: claimKey.publicKey,
    followedGroup: () => groupInfo && valueOf(bootstrapGroup(groupInfo, { treeOf: () => ratchetTree })).group,
    quotes: chain,
    limits: within,
  };
  return screenCommit(body, context);
}

function wayIn(): WayIn {
  if (groupInfo === undefined) throw new Error('no group yet');
  return { groupInfo, ratchetTree };
}

async function refusalOf(wanted: Draft): Promise<RelayRefusal> {
  const screened = screen((await draft(wanted)).body);
  if (screened.ok) throw new Error('accepted');
  return screened.error;
}

async function reasonOf(wanted: Draft): Promise<unknown> {
  const refusal = await refusalOf(wanted);
  expect(refusal.code).toBe('invalid-handshake');
  return refusal['reason'];
}

function bodyOf({ event }: CommitBundle): Uint8Array {
  return decodeTrusted(eventTbs, event).body;
}

/** Screens, decides and follows a commit that must be accepted. */
async function accept(wanted: Draft): Promise<void> {
  const { body, next, groupInfo: nextInfo } = await draft(wanted);
  expect(chain.decide([valueOf(screen(body))])[0]?.kind).toBe('accepted');
  state = next;
  groupInfo = nextInfo;
  ratchetTree = treeOf(next);
}

/** What a flush of this candidate alone would decide; nothing is kept. */
function decideOnly(candidate: Candidate): { readonly refusal?: RelayRefusal } {
  const [decision] = decideFlush(chain.head, [candidate], chain, chain.clock).decisions;
  return decision?.kind === 'refused' ? { refusal: decision.refusal } : {};
}

async function create(edit: (body: MlsCreated) => MlsCreated = (body) => body, founder = alice) {
  const { bundle, state: founded } = await draftCreation(place(), alice, { founder, edit });
  return { founded, groupInfo: bundle.groupInfo, screened: screen(encode(commitBundle, bundle)) };
}

beforeEach(async () => {
  groupInfo = undefined;
  chain = new MemoryChain(alice.genesis({ parameters: MLS_PARAMETERS }, T0), T0);
  const { founded, groupInfo: first, screened } = await create();
  expect(chain.decide([valueOf(screened)])[0]?.kind).toBe('accepted');
  state = founded;
  groupInfo = first;
  ratchetTree = treeOf(founded);
});

describe('an MLS bundle', () => {
  it('[MB1] founds a group only with a GroupInfo that is its own first', async () => {
    groupInfo = undefined;
    chain = new MemoryChain(alice.genesis({ parameters: MLS_PARAMETERS }, T0), T0);
    const reason = async (...args: Parameters<typeof create>) => {
      const { screened } = await create(...args);
      return screened.ok ? 'accepted' : (screened.error['reason'] ?? screened.error.code);
    };
    expect(await reason((body) => ({ ...body, groupInfoSize: body.groupInfoSize + 1 }))).toBe('group-info-hash');
    expect(await reason((body) => ({ ...body, treeHash: sha256(body.treeHash) }))).toBe('group-context');
    expect(await reason((body) => ({ ...body, ciphersuite: 4 }))).toBe('unsupported-ciphersuite');
    expect(await reason((body) => ({ ...body, ciphersuite: 2 }))).toBe('mls-suite');
    expect(await reason(undefined, bob)).toBe('founder');
    expect(await reason(undefined, usurperOf(alice, bob))).toBe('signature');
    expect(await reason()).toBe('accepted');
  });

  it('[MB1] [MB2] opens an epoch with roster, GroupInfo and Welcomes at once', async () => {
    await accept({ add: [bob, carol] });
    await accept({ remove: [carol] });
    await accept({});
    expect(chain.head.state).toMatchObject({ kind: 'group', value: { mls: { epoch: 3, oldestOpenEpoch: 2 } } });
    const [, , invitation] = chain.rows;
    expect(invitation?.epochChange?.welcome?.recipients).toEqual([bob.key, carol.key]);
    expect(invitation?.epochChange?.epoch).toBe(1);
  });

  it('[ML90] [ML91] keeps the tree that it computed, or none beside a GroupInfo that holds it', async () => {
    const bare = await draft({ add: [bob] });
    const { epochChange } = valueOf(screen(bare.body));
    expect(epochChange?.groupInfo?.bytes.length).toBeLessThan(400);
    const mls = bodyOf(decodeTrusted(commitBundle, bare.body));
    const { treeHash } = valueOf(mlsCommit.decodeBody(mls));
    expect(epochChange?.tree).toEqual({ hash: treeHash, bytes: treeOf(bare.next) });
    const withTree = await draftCommit(place(), state, { actor: alice, add: [bob], carriesTree: true });
    const carried = valueOf(screen(encode(commitBundle, withTree.bundle))).epochChange;
    expect(carried).toMatchObject({ tree: undefined, groupInfo: { bytes: withTree.bundle.groupInfo } });
    expect(carried?.groupInfo?.bytes.length).toBeGreaterThan(800);
  });

  it('[ML91] refuses a commit that leads to a tree of more than 1 MiB, which takes leaves of hostile clients', async () => {
    const founded = state;
    /** Bytes of the tree after a commit in a group whose other members' leaves hold so much, and what the relay says of it. */
    const outcomeOf = async (bytes: number) => {
      state = await withFatLeaves(founded, [340_000, 340_000, bytes]);
      groupInfo = await makeGroupInfoWithoutTree(state);
      ratchetTree = treeOf(state);
      const { body, next } = await draft();
      return { screened: screen(body), size: treeOf(next).length };
    };
    const { size } = await outcomeOf(340_000);
    const room = MAX_TREE_BYTES - size;
    const full = await outcomeOf(340_000 + room);
    expect(full.size).toBe(MAX_TREE_BYTES);
    expect(valueOf(full.screened).epochChange?.tree?.bytes).toHaveLength(MAX_TREE_BYTES);
    const over = await outcomeOf(340_000 + room + 1);
    const actual = MAX_TREE_BYTES + 1;
    const refusal = { code: 'invalid-handshake', reason: 'tree-too-large', limit: MAX_TREE_BYTES, actual };
    expect(over.screened).toEqual({ ok: false, error: refusal });
  });

  it('[MB3] refuses an event that says other things than its commit does', async () => {
    const asCarol = (body: MlsCommit): MlsCommit => ({
      ...body,
      roster: { added: [{ actor: carol.key, role: 'member' }], removed: [] },
      welcomeRefs: body.welcomeRefs.map((ref) => ({ ...ref, actor: carol.key })),
    });
    expect(await reasonOf({ add: [bob], editBody: asCarol })).toBe('roster');
    const editRefs = (edit: (refs: MlsCommit['welcomeRefs']) => MlsCommit['welcomeRefs']) => (body: MlsCommit) => ({
      ...body,
      welcomeRefs: edit(body.welcomeRefs),
    });
    const mismatch = { code: 'welcome-mismatch' };
    expect(await refusalOf({ add: [bob], editBody: editRefs(() => []) })).toEqual(mismatch);
    const toCarol = editRefs((refs) => refs.map((ref) => ({ ...ref, actor: carol.key })));
    expect(await refusalOf({ add: [bob], editBody: toCarol })).toEqual(mismatch);
    const toAnother = editRefs((refs) => refs.map((ref) => ({ ...ref, keyPackageRef: sha256(ref.keyPackageRef) })));
    expect(await refusalOf({ add: [bob], editBody: toAnother })).toEqual(mismatch);
    const crossed = editRefs(([one, two]) => [
      { ...(one as WelcomeRef), keyPackageRef: (two as WelcomeRef).keyPackageRef },
      { ...(two as WelcomeRef), keyPackageRef: (one as WelcomeRef).keyPackageRef },
    ]);
    expect(await refusalOf({ add: [bob, carol], editBody: crossed })).toEqual(mismatch);
    const doubled = editRefs((refs) =>
      refs.map((ref) => ({ ...ref, keyPackageRef: (refs[0] as WelcomeRef).keyPackageRef })),
    );
    expect(await refusalOf({ add: [bob, carol], editBody: doubled })).toEqual(mismatch);
    expect(await reasonOf({ editBody: (body) => ({ ...body, treeHash: sha256(body.treeHash) }) })).toBe(
      'group-context',
    );
    expect(await reasonOf({ editBody: (body) => ({ ...body, commitSize: body.commitSize + 1 }) })).toBe('commit-hash');
  });

  it('[MB2] refuses a bundle whose parts are missing, strange, bound to another event, or signed by another key than the leaf’s', async () => {
    expect(await refusalOf({ add: [bob], editBundle: (bundle) => ({ ...bundle, welcome: NOTHING }) })).toEqual({
      code: 'welcome-mismatch',
    });
    expect(await reasonOf({ editBundle: (bundle) => ({ ...bundle, commit: NOTHING }) })).toBe('commit-hash');
    expect(await reasonOf({ editBundle: (bundle) => ({ ...bundle, groupInfo: groupInfo as Uint8Array }) })).toBe(
      'group-info-hash',
    );
    expect(await reasonOf({ boundTo: bytesFor('another', 0, 16) })).toBe('authenticated-data');
    const withKey = (of: GroupState, signaturePrivateKey: Uint8Array) =>
      valueOf(makeState({ ...openState(of).client, signaturePrivateKey }));
    const own = openState(state).client.signaturePrivateKey;
    const { signatureSeed: foreign } = await mlsIdentityFor(bob);
    const outcome = async (ofCommit: Uint8Array, ofGroupInfo: Uint8Array) => {
      const { bundle, next } = await draftCommit(place(), withKey(state, ofCommit), { actor: alice });
      const made = await makeGroupInfoWithoutTree(withKey(next, ofGroupInfo));
      const { eventId } = decodeTrusted(eventTbs, bundle.event);
      const said = { ...valueOf(mlsCommit.decodeBody(bodyOf(bundle))), groupInfoHash: sha256(made) };
      const body = mlsCommit.encodeBody({ ...said, groupInfoSize: made.length });
      const event = alice.sign({ ...place(), type: mlsCommit.type, body, eventId });
      const screened = screen(encode(commitBundle, { ...bundle, ...event, groupInfo: made }));
      return screened.ok ? 'accepted' : (screened.error['reason'] ?? screened.error.code);
    };
    expect(await outcome(own, own)).toBe('accepted');
    expect(await outcome(foreign, own)).toBe('signature');
    expect(await outcome(own, foreign)).toBe('signature');
  });

  it('[MB2] [ML72] [ML73] refuses a commit that breaks a rule of MLS, and says which', async () => {
    const { client } = openState(state);
    const reasonFor = (commit: Uint8Array) =>
      reasonOf({
        editBody: (body) => ({ ...body, commitHash: sha256(commit), commitSize: commit.length }),
        editBundle: (bundle) => ({ ...bundle, commit }),
      });
    expect(await reasonFor(await forgeCommit(client, []))).toBe('commit-path');
    expect(await reasonFor(await forgeCommit(client, [byValue(removal(0))]))).toBe('list-own-removal');
    expect(await reasonFor(await forgeCommit(client, [byReference(bytesFor('ref', 0, 32))]))).toBe(
      'list-unknown-reference',
    );
    const custom = byValue({ proposalType: 0xf00d, proposalData: NOTHING });
    expect(await reasonFor(await forgeCommit(client, [custom]))).toBe('list-unsupported-type');
    const { version, cipherSuite } = client.groupContext;
    const reinit = { groupId: bytesFor('successor', 0, 32), version, cipherSuite, extensions: [] };
    const ending = byValue({ proposalType: 'reinit', reinit });
    expect(await reasonFor(await forgeCommit(client, [ending]))).toBe('commit-proposal');
  });

  it('[ML24] [GM40] takes new extensions of an admin, if all can handle them, and pre-shared keys of anyone', async () => {
    const invited = await draftCommit(place(), state, { actor: alice, add: [bob, carol] });
    expect(chain.decide([valueOf(screen(encode(commitBundle, invited.bundle)))])[0]?.kind).toBe('accepted');
    [state, groupInfo, ratchetTree] = [invited.next, invited.bundle.groupInfo, treeOf(invited.next)];
    const [bobs] = (await invited.join()) as [GroupState];
    const x509 = newExtensions(requiredCapabilities({ credentialTypes: ['x509'] }));
    const outcome = async (by: TestActor, from: GroupState, proposal: Proposal) => {
      const { bundle } = await draftCommit(place(), from, { actor: by, proposals: [proposal] });
      const screened = screen(encode(commitBundle, bundle));
      return screened.ok ? 'accepted' : (screened.error['reason'] ?? screened.error.code);
    };
    expect(await outcome(alice, state, x509)).toBe('accepted');
    expect(await outcome(bob, bobs, x509)).toBe('extensions-role');
    const own = { psktype: 'resumption', usage: 'application', pskGroupId: chain.id, pskEpoch: 1n };
    expect(await outcome(bob, bobs, preSharedKey(own))).toBe('accepted');
  });

  it('[RC1] lets a member back in from outside, in the place of its own leaf, with the roster as it was', async () => {
    await accept({ add: [bob, carol] });
    const before = chain.head.state;
    const { bundle, next } = await draftResync(place(), wayIn(), { actor: bob });
    const candidate = valueOf(screen(encode(commitBundle, bundle)));
    expect(candidate.epochChange).toMatchObject({ welcome: undefined, epoch: 2 });
    expect(chain.decide([candidate])[0]?.kind).toBe('accepted');
    const after = chain.head.state;
    if (before.kind !== 'group' || after.kind !== 'group') throw new Error('a group');
    expect(after.value.roster).toEqual(before.value.roster);
    expect(after.value.mls).toMatchObject({ epoch: 2, oldestOpenEpoch: 0 });
    const followed = valueOf(await processCommit(state, bundle.commit));
    expect(followed).toMatchObject({ isResync: true, added: [], removed: [], committer: bob.key });
    const [one, two] = await Promise.all([followed.state, next].map((each) => exportSecret(each, 'x', NOTHING, 32)));
    expect(one).toEqual(two);
  });

  it('[RC1] [MB3] refuses who comes in from outside and is no member, takes another place, or changes the roster', async () => {
    await accept({ add: [bob] });
    const resyncReason = async (wanted: Parameters<typeof draftResync>[2]): Promise<unknown> => {
      const { bundle } = await draftResync(place(), wayIn(), wanted);
      const screened = screen(encode(commitBundle, bundle));
      return screened.ok ? 'accepted' : (screened.error['reason'] ?? screened.error.code);
    };
    expect(await resyncReason({ actor: bob })).toBe('accepted');
    expect(await resyncReason({ actor: bob, boundTo: bytesFor('another', 0, 16) })).toBe('authenticated-data');
    expect(await resyncReason({ actor: usurperOf(bob, carol) })).toBe('signature');
    const alicesEvent = (bundle: CommitBundle) => {
      const { event, signature } = alice.sign({ ...place(), type: mlsCommit.type, body: bodyOf(bundle) });
      return { ...bundle, event, signature };
    };
    expect(await resyncReason({ actor: bob, editBundle: alicesEvent })).toBe('authenticated-data');
    const removes = (body: MlsCommit) => ({ ...body, roster: { added: [], removed: [bob.key] } });
    expect(await resyncReason({ actor: bob, editBody: removes })).toBe('not-permitted');
    const { groupInfo: inForce } = wayIn();
    const { bundle } = await joinFromOutside(inForce, await makePerson(77), false, ratchetTree);
    const outsiders = {
      editBody: (body: MlsCommit) => ({
        ...body,
        commitHash: sha256(bundle.commit),
        commitSize: bundle.commit.length,
      }),
      editBundle: (drafted: CommitBundle) => ({ ...drafted, commit: bundle.commit }),
    };
    expect(await reasonOf(outsiders)).toBe('commit-sender');
    await accept({ remove: [bob] });
    const { groupInfo: late, next } = await draft();
    const lateWay = { groupInfo: late, ratchetTree: treeOf(next) };
    await expect(draftResync(place(), lateWay, { actor: bob })).rejects.toThrow('resync-refused');
  });

  it('[NA15] takes no commit that leaves the leaf of a revoked device, but for one from outside, which can take out nobody', async () => {
    await accept({ add: [bob, carol] });
    const { state: now } = chain.head;
    if (now.kind !== 'group') throw new Error('a group');
    const roster = suspendMember(now.value.roster, bob.key, chain.head.size - 1);
    chain.head = { ...chain.head, state: { kind: 'group', value: { ...now.value, roster } } };
    expect(await reasonOf({})).toBe('revoked-leaf');
    expect(await reasonOf({ remove: [carol] })).toBe('revoked-leaf');
    const { bundle } = await draftResync(place(), wayIn(), { actor: carol });
    expect(screen(encode(commitBundle, bundle)).ok).toBe(true);
    await accept({ remove: [bob] });
  });

  it('[MB5] [KP10] adds only what was claimed for its chain, each with its own token and no other', async () => {
    const editTokens = (edit: (tokens: readonly ClaimToken[]) => readonly ClaimToken[]) => (bundle: CommitBundle) => ({
      ...bundle,
      claimTokens: edit(bundle.claimTokens),
    });
    const missing = { code: 'claim-token-missing' };
    const invalid = (reason: string) => ({ code: 'claim-token-invalid', reason });
    const add = [bob, carol];
    expect(await refusalOf({ add, editBundle: editTokens(() => []) })).toMatchObject(missing);
    expect(await refusalOf({ add, editBundle: editTokens(([one]) => [one!, one!]) })).toMatchObject(missing);
    expect(await refusalOf({ add, editBundle: editTokens(([one, two]) => [one!, two!, two!]) })).toEqual(
      invalid('surplus'),
    );
    const stray = claimFor(place(), { actor: bob.key, keyPackageRef: bytesFor('ref', 0, 32) }, T0 + DAY_MS);
    expect(await refusalOf({ editBundle: editTokens(() => [stray]) })).toEqual(invalid('surplus'));
    expect(await refusalOf({ add, claim: { chain: bytesFor('chain', 9, 32) } })).toEqual(invalid('chain'));
    const foreign = claimKeyOf(new Uint8Array(32).fill(1));
    expect(await refusalOf({ add, claim: { key: foreign } })).toEqual(invalid('signature'));
    const later = editTokens((tokens) => tokens.map((token) => ({ ...token, expiresAt: token.expiresAt + 1 })));
    expect(await refusalOf({ add, editBundle: later })).toEqual(invalid('signature'));
    const swapped = editTokens(([one, two]) => [
      { ...one!, keyPackageRef: two!.keyPackageRef },
      { ...two!, keyPackageRef: one!.keyPackageRef },
    ]);
    expect(await refusalOf({ add, editBundle: swapped })).toEqual(invalid('signature'));
    await accept({ add, editBundle: editTokens((tokens) => [...tokens].reverse()) });
  });

  it('[KP10] a claim is good for a day, and never longer than its KeyPackage', async () => {
    const expired = { code: 'claim-token-expired', expiredAt: T0 };
    expect(await refusalOf({ add: [bob], claim: { at: T0 - DAY_MS } })).toMatchObject(expired);
    const named = { actor: bob.key, keyPackageRef: bytesFor('ref', 0, 32) };
    expect(claimFor(place(), named, T0 + 5).expiresAt).toBe(T0 + 5);
    await accept({ add: [bob], claim: { at: T0 - DAY_MS + 1 } });
  });

  it('[ML11] refuses to add a KeyPackage that has expired', async () => {
    const YEAR_MS = 366 * DAY_MS;
    expect(await reasonOf({ add: [bob], keyPackageTime: T0 - YEAR_MS })).toBe('key-package-expired');
  });

  it('[GR4] [AP5] lets strangers and plain members change nobody, before the handshake is looked at', async () => {
    const garbled = (bundle: CommitBundle) => ({ ...bundle, commit: Uint8Array.of(1) });
    expect(await refusalOf({ actor: bob, add: [carol], editBundle: garbled })).toEqual({ code: 'not-permitted' });
    await accept({ add: [bob, carol] });
    expect(await refusalOf({ actor: bob, remove: [carol], editBundle: garbled })).toEqual({ code: 'not-permitted' });
  });

  it("[MB3] refuses a member's commit in somebody else's event", async () => {
    await accept({ add: [bob] });
    expect(await reasonOf({ actor: bob })).toBe('committer');
  });

  it('[MB4] hands the loser of an epoch the winner, its commit and a proof', async () => {
    const [winner, loser] = [await draft({ add: [bob] }), await draft({ add: [carol] })];
    const candidate = valueOf(screen(winner.body));
    const late = valueOf(screen(loser.body));
    const [won, lost] = chain.decide([candidate, late]);
    expect(won?.kind).toBe('accepted');
    expect(lost).toMatchObject({ kind: 'refused', refusal: { code: 'stale-parent' } });
    groupInfo = winner.groupInfo;
    ratchetTree = treeOf(winner.next);
    const again = screen(loser.body);
    expect(again).toMatchObject({ ok: false, error: { code: 'commit-lost', epoch: 1, index: 2, proof: 'proof of 2' } });
    expect(!again.ok && again.error['commit']).toEqual(candidate.payload);
    expect(!again.ok && again.error['entry']).toEqual(chain.entryAt(2));
  });

  it('[GM41] ends a group by the ReInit that its event says, alone in its commit', async () => {
    const successor = bytesFor('successor', 0, 32);
    const outcome = async (wanted: Partial<Parameters<typeof draftReinit>[2]> = {}) => {
      const { bundle } = await draftReinit(place(), state, { actor: alice, successor, ...wanted });
      const screened = screen(encode(commitBundle, bundle));
      return screened.ok ? 'accepted' : (screened.error['reason'] ?? screened.error.code);
    };
    const other = bytesFor('another', 0, 32);
    expect(await outcome({ actor: bob })).toBe('not-permitted');
    expect(await outcome({ editBody: (body) => ({ ...body, successor: other }) })).toBe('successor');
    expect(await outcome({ editBody: (body) => ({ ...body, ciphersuite: 3 }) })).toBe('successor');
    expect(await outcome({ successor: chain.id })).toBe('successor');
    expect(await outcome({ proposals: [] })).toBe('commit-proposal');
    const token = claimFor(place(), { actor: bob.key, keyPackageRef: other }, T0 + DAY_MS);
    expect(await outcome({ editBundle: (bundle) => ({ ...bundle, claimTokens: [token] }) })).toBe('surplus');
    const ending = await draftReinit(place(), state, { actor: alice, successor });
    const late = await draft({ add: [bob] });
    expect(chain.decide([valueOf(screen(encode(commitBundle, ending.bundle)))])[0]?.kind).toBe('accepted');
    expect(chain.head.state).toMatchObject({ value: { mls: { epoch: 1, successor: { chain: successor, index: 2 } } } });
    // What was under way then is told what it missed, and whatever comes later that it is over.
    expect(screen(late.body)).toMatchObject({ error: { code: 'stale-parent' } });
    [state, groupInfo, ratchetTree] = [ending.next, ending.bundle.groupInfo, treeOf(ending.next)];
    expect(await refusalOf({})).toEqual({ code: 'group-reinitialised', successor });
  });

  it('[AP5] [MB1] [LM6] recognises a retry of the winner, takes no commit without its bundle, and no more than its actor may send', async () => {
    const lone = valueOf(screen((await draft()).body));
    expect(chain.decide([{ signed: lone.signed, payload: lone.payload }])).toMatchObject([
      { refusal: { code: 'lone-commit' } },
    ]);
    const { body } = await draft({ add: [bob] });
    const [first] = chain.decide([valueOf(screen(body))]);
    const [again] = chain.decide([valueOf(screen(body))]);
    expect(again).toEqual({ kind: 'repeated', receipt: first?.kind === 'accepted' ? first.receipt : undefined });
    const tight = new AppendLimits(configureLimits({ LIMIT_ACTOR_APPENDS: '1/60' }).limits);
    expect(screen(body, tight).ok).toBe(true);
    expect(screen(body, tight)).toMatchObject({ error: { code: 'rate-limited', limit: 'actor-appends' } });
  });

  it('[GM4] takes only a PrivateMessage of this group and epoch that names its event', async () => {
    const eventId = bytesFor('message', 0, 16);
    const seal = async (data: Parameters<typeof encodeAuthenticatedData>[0]) =>
      valueOf(await encrypt(state, utf8ToBytes('hello'), encodeAuthenticatedData(data))).message;
    const sealed = await seal({ actor: alice.key, eventId });
    const faultOf = (payload: Uint8Array, { actor = alice, epoch = 0 } = {}): unknown => {
      const body = groupMessage.encodeBody({
        epoch,
        contentType: 0,
        payloadHash: sha256(payload),
        payloadSize: payload.length,
      });
      const draft = { chain: chain.id, seen: chain.seen, time: T0, type: groupMessage.type, body, eventId };
      const [candidate] = screenSubmissions([{ ...actor.sign(draft), payload }], chain.id, checkSignatures);
      const { refusal } = decideOnly(valueOf(candidate as Screened));
      return refusal?.['reason'] ?? refusal?.code;
    };
    expect(faultOf(sealed)).toBeUndefined();
    expect(faultOf(utf8ToBytes('hello in the clear'))).toMatch(/^mls-/);
    expect(faultOf(sealed, { epoch: 1 })).toBe('future-epoch');
    expect(faultOf(await seal({ actor: bob.key, eventId }))).toBe('authenticated-data');
    expect(faultOf(await seal({ actor: alice.key, eventId: bytesFor('other', 0, 16) }))).toBe('authenticated-data');
    // A stranger is refused for that alone, and learns nothing of what kind of group this is.
    expect(faultOf(utf8ToBytes('hello'), { actor: bob })).toBe('not-permitted');
  });

  it('[KP1] parses the KeyPackages that it adds as their owners published them', async () => {
    const { message, ref } = await newKeyPackage(await mlsIdentityFor(bob), { nowMs: T0 });
    expect(valueOf(parseKeyPackage(message, { nowMs: T0 })).ref).toEqual(ref);
  });
});
