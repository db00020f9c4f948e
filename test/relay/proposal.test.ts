import type { Proposal } from 'ts-mls';
import { beforeEach, describe, expect, it } from 'vitest';
import { commitBundle, encode, mlsProposal, utf8ToBytes, type Submission } from '../../core/index.ts';
import { bootstrapGroup, type PublicGroup } from '../../core/mls/index.ts';
import {
  AppendLimits,
  configureLimits,
  screenCommit,
  screenProposal,
  screenSubmissions,
  type Candidate,
  type Screened,
} from '../../relay/index.ts';
import { acceptOwnCommit, commit, newKeyPackage, processProposal, type GroupState } from '../../sdk/mls/index.ts';
import { additionOf, proposeFromOutside, updateOf } from '../core/mls/public-group/crew.ts';
import { makeState, openState } from '../../sdk/mls/open-state.ts';
import { decodeKeyPackageMessage } from '../../sdk/mls/own-key-package.ts';
import { bytesFor } from '../durable-objects/bytes-for.ts';
import { checkSignatures, MemoryChain } from '../model/memory-chain.ts';
import { newExtensions, preSharedKey, removal, requiredCapabilities } from '../sdk/mls/malice.ts';
import { NO_DATA, valueOf } from '../sdk/mls/people.ts';
import {
  claimKeyOf,
  draftCommit,
  draftCreation,
  draftProposal,
  MLS_PARAMETERS,
  mlsIdentityFor,
  usurperOf,
  type CommitDraft,
  type GroupPlace,
  type ProposalDraft,
} from '../support/mls-bundles.ts';
import { TestActor } from '../support/test-actor.ts';

const T0 = Date.UTC(2026, 0, 1);
const alice = new TestActor('alice');
const bob = new TestActor('bob');
const carol = new TestActor('carol');
const claimKey = claimKeyOf(new Uint8Array(32));
const limits = new AppendLimits(configureLimits({ LIMIT_INVALID_COMMITS: 'off' }).limits);

let chain: MemoryChain;
/** Of Alice, Bob and Carol, in epoch 1. */
let states: { alice: GroupState; bob: GroupState; carol: GroupState };
let group: PublicGroup;

function place(): GroupPlace {
  return { chain: chain.id, seen: chain.seen, time: T0, claimKey };
}

function context() {
  return {
    head: chain.head,
    log: chain,
    clock: chain.clock,
    check: checkSignatures,
    followedGroup: () => group,
    limits,
    claimTokenKey: claimKey.publicKey,
    quotes: chain,
  };
}

function screen(submission: Submission): Screened {
  const [screened] = screenSubmissions([submission], chain.id, checkSignatures);
  return screenProposal(valueOf(screened as Screened), context());
}

async function reasonOf(draft: ProposalDraft, state = states.bob): Promise<unknown> {
  const screened = screen(await draftProposal(place(), state, draft));
  return screened.ok ? 'accepted' : (screened.error['reason'] ?? screened.error.code);
}

/** Screens, sequences and takes in a proposal, as the chain's object does. */
async function propose(state: GroupState, actor: TestActor): Promise<Uint8Array> {
  const drafted = await draftProposal(place(), state, { actor });
  const candidate = valueOf(screen(drafted));
  expect(chain.decide([candidate])[0]?.kind).toBe('accepted');
  const proposal = candidate.proposal!.proposal!;
  group = { ...group, proposals: new Map(group.proposals).set(Buffer.from(proposal.ref).toString('base64'), proposal) };
  return drafted.payload;
}

async function commitCode(state: GroupState, draft: CommitDraft): Promise<unknown> {
  const { bundle } = await draftCommit(place(), state, draft);
  const screened = screenCommit(encode(commitBundle, bundle), context());
  return screened.ok ? 'accepted' : (screened.error['reason'] ?? screened.error.code);
}

beforeEach(async () => {
  chain = new MemoryChain(alice.genesis({ parameters: MLS_PARAMETERS }, T0), T0);
  const created = await draftCreation(place(), alice);
  chain.decide([valueOf(screenCommit(encode(commitBundle, created.bundle), context()))]);
  group = valueOf(bootstrapGroup(created.bundle.groupInfo)).group;
  const invitation = await draftCommit(place(), created.state, { actor: alice, add: [bob, carol] });
  const candidate = valueOf(screenCommit(encode(commitBundle, invitation.bundle), context()));
  chain.decide([candidate]);
  group = candidate.epochChange!.group!;
  const [joinedBob, joinedCarol] = (await invitation.join()) as [GroupState, GroupState];
  states = { alice: invitation.next, bob: joinedBob, carol: joinedCarol };
});

describe('a proposal', () => {
  it('[MB6] is taken where a commit could refer to it', async () => {
    expect(await reasonOf({ actor: bob })).toBe('accepted');
    expect(await reasonOf({ actor: bob, proposal: removal(2) })).toBe('accepted');
    const { proposal } = await updateOf(openState(states.bob).client);
    expect(await reasonOf({ actor: bob, proposal })).toBe('accepted');
    expect(await reasonOf({ actor: bob, proposal: preSharedKey({ psktype: 'external', pskId: NO_DATA }) })).toBe(
      'accepted',
    );
    const reinit = {
      groupId: NO_DATA,
      version: 'mls10',
      cipherSuite: openState(states.bob).client.groupContext.cipherSuite,
    };
    const ending = { proposalType: 'reinit', reinit: { ...reinit, extensions: [] } } as unknown as Proposal;
    expect(await reasonOf({ actor: bob, proposal: ending })).toBe('accepted');
    // Whether its committer may do that is asked of the commit (GM40, GM41).
    expect(await reasonOf({ actor: bob, proposal: newExtensions() })).toBe('accepted');
  });

  it('[MB6] is refused for the rule of MLS that it breaks', async () => {
    expect(await reasonOf({ actor: bob, proposal: removal(7) })).toBe('remove-of-nobody');
    expect(await reasonOf({ actor: bob, proposal: newExtensions(requiredCapabilities({ proposalTypes: [1] })) })).toBe(
      'group-extensions-malformed',
    );
    const init = { proposalType: 'external_init', externalInit: { kemOutput: new Uint8Array(32) } } as const;
    expect(await reasonOf({ actor: bob, proposal: init })).toBe('proposal-type');
    expect(await reasonOf({ actor: bob, editMessage: () => utf8ToBytes('leave me alone') })).toMatch(/^mls-/);
    const { signatureSeed: signaturePrivateKey } = await mlsIdentityFor(carol);
    const forging = valueOf(makeState({ ...openState(states.bob).client, signaturePrivateKey }));
    expect(await reasonOf({ actor: bob }, forging)).toBe('signature');
    const usurper = await newKeyPackage(await mlsIdentityFor(usurperOf(new TestActor('dan'), carol)), { nowMs: T0 });
    const usurping = additionOf(decodeKeyPackageMessage(usurper.message)!);
    expect(await reasonOf({ actor: bob, proposal: usurping })).toBe('signature');
    const drafted = await draftProposal(place(), states.bob, { actor: bob });
    group = { ...group, context: { ...group.context, epoch: 2n } };
    expect(screen(drafted)).toMatchObject({ error: { reason: 'proposal-epoch' } });
  });

  it('[ML11] is refused where it adds a KeyPackage whose time is over', async () => {
    const dan = await mlsIdentityFor(new TestActor('dan'));
    const at = async (nowMs: number) => {
      const keyPackage = decodeKeyPackageMessage((await newKeyPackage(dan, { nowMs })).message)!;
      return reasonOf({ actor: bob, proposal: additionOf(keyPackage) });
    };
    expect(await at(T0)).toBe('accepted');
    expect(await at(T0 - 40 * 86_400_000)).toBe('key-package-expired');
  });

  it('[MB6] is of the event’s actor and names the event', async () => {
    expect(await reasonOf({ actor: carol })).toBe('proposer');
    // Nor from outside: a newcomer's own Add, that a member hands in.
    const dan = await mlsIdentityFor(new TestActor('dan'));
    const { message } = await newKeyPackage(dan, { nowMs: T0 });
    const add = additionOf(decodeKeyPackageMessage(message)!);
    const sender = { senderType: 'new_member_proposal' } as const;
    const own = await proposeFromOutside(openState(states.bob).client, add, sender, dan.signatureSeed);
    expect(await reasonOf({ actor: bob, proposal: add, editMessage: () => own })).toBe('proposer');
    expect(await reasonOf({ actor: bob, boundTo: bytesFor('another', 0, 16) })).toBe('authenticated-data');
  });

  it('[MB6] is what its event says', async () => {
    const other = bytesFor('ref', 0, 32);
    expect(await reasonOf({ actor: bob, editBody: (body) => ({ ...body, proposalRef: other }) })).toBe('proposal-ref');
    expect(await reasonOf({ actor: bob, editBody: (body) => ({ ...body, purpose: 'other' }) })).toBe(
      'proposal-purpose',
    );
    const pushed = { actor: bob, proposal: removal(2), editBody: leaving } as const;
    expect(await reasonOf(pushed)).toBe('proposal-purpose');
    const { proposal } = await updateOf(openState(states.bob).client);
    expect(await reasonOf({ actor: bob, proposal, editBody: leaving })).toBe('proposal-purpose');
    expect(await reasonOf({ actor: bob, editBody: (body) => ({ ...body, proposalHash: other }) })).toBe(
      'payload-mismatch',
    );
  });

  const leaving = (body: Parameters<NonNullable<ProposalDraft['editBody']>>[0]) =>
    ({ ...body, purpose: 'leave' }) as const;

  it('[AP9] of strangers and without its bytes is refused for that, before it is looked at', async () => {
    const garbled = { editMessage: () => Uint8Array.of(1) };
    expect(await reasonOf({ actor: new TestActor('mallory'), ...garbled })).toBe('not-permitted');
    const { payload: _payload, ...bare } = await draftProposal(place(), states.bob, { actor: bob });
    const candidate = valueOf(screen({ ...bare, payload: undefined }));
    expect(chain.decide([candidate])).toMatchObject([{ refusal: { code: 'payload-missing' } }]);
  });

  it('[MB6] counts against the limit of its sender where it is invalid', async () => {
    const strict = new AppendLimits(configureLimits({}).limits);
    const attempt = async () => {
      const bad = await draftProposal(place(), states.bob, { actor: bob, proposal: removal(7) });
      const [candidate] = screenSubmissions([bad], chain.id, checkSignatures);
      const screened = screenProposal(valueOf(candidate as Screened), { ...context(), limits: strict });
      return screened.ok ? undefined : screened.error.code;
    };
    const codes = [await attempt(), await attempt(), await attempt(), await attempt()];
    expect(codes).toEqual(['invalid-handshake', 'invalid-handshake', 'invalid-handshake', 'rate-limited']);
  });

  it('[ML71] of one sender are sixteen at most in an epoch', async () => {
    for (let count = 1; count <= 16; count++) await propose(states.bob, bob);
    expect(await reasonOf({ actor: bob })).toBe('proposal-limit');
    expect(await reasonOf({ actor: carol }, states.carol)).toBe('accepted');
  });

  it('[AP5] a second time gets its first receipt', async () => {
    const drafted = await draftProposal(place(), states.bob, { actor: bob });
    const twice: readonly Candidate[] = [valueOf(screen(drafted)), valueOf(screen(drafted))];
    expect(chain.decide(twice).map(({ kind }) => kind)).toEqual(['accepted', 'repeated']);
    expect(chain.decide([valueOf(screen(drafted))]).map(({ kind }) => kind)).toEqual(['repeated']);
  });

  it('[AP3] is no event that can come unjudged', async () => {
    const { event, signature, payload } = await draftProposal(place(), states.bob, { actor: bob });
    expect(() => chain.append({ event, signature, payload })).toThrow('not judged');
    expect(mlsProposal.ordering).toBe('observed');
  });
});

describe('a commit by reference', () => {
  it('[GM11, ML24] takes out who asked to leave, though its author may remove nobody', async () => {
    expect(await commitCode(states.carol, { actor: carol, remove: [bob] })).toBe('not-permitted');
    const message = await propose(states.bob, bob);
    const informed = valueOf(await processProposal(states.carol, message)).state;
    const made = valueOf(await commit(informed, { remove: [informedKey(bob)], authenticatedData: NO_DATA, nowMs: T0 }));
    expect(valueOf(acceptOwnCommit(informed, made)).epoch).toBe(2);
    expect(await commitCode(informed, { actor: carol, remove: [bob] })).toBe('accepted');
    // By value, as in a later epoch.
    expect(await commitCode(states.carol, { actor: carol, remove: [bob] })).toBe('accepted');
  });

  const informedKey = ({ key }: TestActor) => key;

  it('[ML72] refers to nothing that this epoch has not seen', async () => {
    const { payload } = await draftProposal(place(), states.bob, { actor: bob });
    const informed = valueOf(await processProposal(states.alice, payload)).state;
    expect(await commitCode(informed, { actor: alice, remove: [bob] })).toBe('list-unknown-reference');
  });
});
