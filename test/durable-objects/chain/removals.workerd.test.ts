import { evictDurableObject } from 'cloudflare:test';
import { beforeEach, expect, it, vi } from 'vitest';
import {
  accountNamed,
  commitBundle,
  decodeTrusted,
  deviceAdded,
  deviceRevoked,
  encode,
  epochProposals,
  mlsProposal,
  possessionContent,
  publicKeyOf,
  roleOf,
  sha256,
  signEd25519,
  submission,
  verifyOracle,
  type AppendAnswer,
} from '../../../core/index.ts';
import {
  bindingContent,
  encodeAuthenticatedData,
  handshakeSignature,
  parseCommitMessage,
  parseProposalMessage,
  proposeRemoval,
  type ExternalSender,
} from '../../../core/mls/index.ts';
import { relayActorSeed } from '../../../relay/index.ts';
import { processProposal, type GroupState } from '../../../sdk/mls/index.ts';
import { treeOf, valueOf as resultOf } from '../../sdk/mls/people.ts';
import {
  claimKeyOf,
  draftCommit,
  draftCreation,
  draftProposal,
  draftResync,
  MLS_PARAMETERS,
  type CommitDraft,
  type DraftedCommit,
  type GroupPlace,
} from '../../support/mls-bundles.ts';
import { openState } from '../../../sdk/mls/open-state.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { callerOf, chainStub, problemCode, T0, TestChain, valueOf } from './test-chain.ts';

const WAIT = { timeout: 60_000, interval: 20 };
const [alice, bob, phone, mallory] = ['alice', 'bob', 'phone', 'mallory'].map((name) => new TestActor(name)) as [
  TestActor,
  TestActor,
  TestActor,
  TestActor,
];
const relaySeed = relayActorSeed(new Uint8Array(32));
const relayKey = publicKeyOf(relaySeed);
const relay: ExternalSender = {
  signatureKey: relayKey,
  identity: { actor: relayKey, binding: signEd25519(relaySeed, bindingContent(1, relayKey)) },
};
const claimKey = claimKeyOf(new Uint8Array(32));
const NO_CONTEXT = new Uint8Array();

let nth = 0;
let account: TestChain;
let group: TestChain;
let alices: GroupState;
let bobs: GroupState;

async function place(): Promise<GroupPlace> {
  return { chain: group.id, seen: await group.head(), time: T0, claimKey };
}

async function deliver({ bundle }: Pick<DraftedCommit, 'bundle'>): Promise<void> {
  valueOf(await group.object.commit(encode(commitBundle, bundle)));
}

async function commit(state: GroupState, draft: CommitDraft): Promise<DraftedCommit> {
  const drafted = await draftCommit(await place(), state, draft);
  await deliver(drafted);
  return drafted;
}

function accepted(answer: AppendAnswer): void {
  expect(answer.outcomes.map(({ kind }) => kind)).toEqual(['accepted']);
}

/** Bob's account with a phone, which Alice's group names; she, Bob and the phone are in it. */
async function gather(proposer: ExternalSender | undefined): Promise<void> {
  const nonce = sha256(Uint8Array.of(nth++));
  account = await TestChain.found(bob, { nonce, parameters: { kind: 'identity', value: {} } });
  const eventId = bytesFor('addition', 0, 16);
  const proof = signEd25519(phone.seed, possessionContent('device', { chain: account.id, eventId, key: phone.key }));
  const body = deviceAdded.encodeBody({ device: phone.key, name: 'phone', proof });
  accepted(
    await account.append(
      bob.sign({ chain: account.id, seen: await account.head(), time: T0, type: deviceAdded.type, body, eventId }),
    ),
  );
  const genesis = alice.genesis({ relayName: 'localhost.terachat', parameters: MLS_PARAMETERS, nonce }, T0);
  group = new TestChain(await chainStub(genesis), alice, genesis);
  valueOf(await group.object.found(encode(submission, genesis)));
  const created = await draftCreation(await place(), alice, proposer && { proposer });
  await deliver(created);
  const invited = await commit(created.state, { actor: alice, add: [bob, phone] });
  alices = invited.next;
  [bobs] = (await invited.join()) as [GroupState];
  const { entries, checkpoint } = await account.page(bob);
  const facts = { entries: entries.map(({ entry }) => entry), consistency: [], checkpoint };
  accepted(await group.change(accountNamed, { identity: account.id, facts }));
}

async function revokePhone(): Promise<void> {
  accepted(await account.change(deviceRevoked, { device: phone.key, reason: 'lost' }));
  const role = async (): Promise<string> => {
    const { state } = await group.audit();
    return state?.kind === 'group' ? roleOf(state.value.roster, phone.key) : '';
  };
  await vi.waitFor(async () => expect(await role()).toBe('suspended'), WAIT);
}

async function proposals() {
  return decodeTrusted(epochProposals, valueOf(await group.object.proposals(callerOf(alice))));
}

async function soleProposal(): Promise<Uint8Array> {
  await vi.waitFor(async () => expect((await proposals()).proposals).toHaveLength(1), WAIT);
  return (await proposals()).proposals[0] as Uint8Array;
}

beforeEach(() => gather(relay));

it('[NA16] the relay proposes the removal of a revoked device, once an epoch, and a commit may refer to it', async () => {
  await revokePhone();
  const message = await soleProposal();
  const parsed = resultOf(parseProposalMessage(message));
  expect(parsed).toMatchObject({
    epoch: 1,
    sender: { kind: 'external', senderIndex: 0 },
    proposal: { kind: 'remove', leafIndex: 2 },
  });
  expect(verifyOracle(handshakeSignature(parsed, { key: relayKey, groupContext: NO_CONTEXT }))).toBe(true);
  const last = (await group.page(alice)).entries.at(-1)!;
  expect(last.payload).toEqual(message);
  // An epoch that begins without it, by a member who came back in: it is made anew, also by an object that slept.
  const groupInfo = valueOf(await group.object.groupInfo(callerOf(bob), 1));
  await deliver(await draftResync(await place(), { groupInfo, ratchetTree: treeOf(bobs) }, { actor: bob }));
  await vi.waitFor(
    async () => expect(await proposals()).toMatchObject({ epoch: 2, proposals: [expect.anything()] }),
    WAIT,
  );
  await evictDurableObject(group.stub);
  await group.setClock(T0);
  expect((await proposals()).proposals).toHaveLength(1);
  await group.audit();
});

it('[NA16] [NA15] a commit takes it by reference or removes by value, and nobody else’s word from outside counts', async () => {
  await revokePhone();
  const message = await soleProposal();
  const taken = resultOf(await processProposal(alices, message));
  expect(taken.proposer).toEqual(relayKey);
  expect(taken.ref).toEqual(resultOf(parseProposalMessage(message)).ref);
  const forged = await forgeries();
  for (const [purpose, code] of [
    ['revoked', 'not-permitted'],
    ['other', 'not-permitted'],
  ] as const)
    expect(problemCode(await group.append(forged(mallory, purpose)))).toBe(code);
  expect(problemCode(await group.append(forged(alice, 'revoked')))).toBe('not-permitted');
  expect(problemCode(await group.append(forged(alice, 'other')))).toBe('invalid-handshake');
  expect((await proposals()).proposals).toHaveLength(1);
  expect(resultCode(await processProposal(alices, forged(mallory, 'revoked').payload))).toBe('proposal-forged');
  const drafted = await draftCommit(await place(), taken.state, { actor: alice, remove: [phone] });
  expect(resultOf(parseCommitMessage(drafted.bundle.commit)).proposals).toEqual([
    { kind: 'reference', ref: taken.ref },
  ]);
  await deliver(drafted);
  expect(await proposals()).toEqual({ epoch: 2, proposals: [] });
  const { state } = await group.audit();
  expect(state?.kind === 'group' && roleOf(state.value.roster, phone.key)).toBe('none');
});

it('[NA16] where the founder names no such sender there is no proposal, and the leaf goes by value', async () => {
  await gather(undefined);
  await revokePhone();
  await draftProposal(await place(), bobs, { actor: bob })
    .then((leave) => group.append(leave))
    .then(accepted);
  expect((await proposals()).proposals).toHaveLength(1);
  const { bundle } = await commit(alices, { actor: alice, remove: [phone] });
  expect(resultOf(parseCommitMessage(bundle.commit)).proposals).toMatchObject([{ kind: 'remove', leafIndex: 2 }]);
});

function resultCode(result: { readonly ok: boolean; readonly error?: { readonly code: string } }): string {
  return result.ok ? 'ok' : (result.error?.code ?? '');
}

/** The relay's proposal as somebody else makes it, with a key of their own, in an event of their own. */
async function forgeries() {
  const { chain, seen, time } = await place();
  const context = openState(alices).client.groupContext;
  return (actor: TestActor, purpose: 'revoked' | 'other') => {
    const eventId = bytesFor(`forgery ${nth++}`, 0, 16);
    const authenticatedData = encodeAuthenticatedData({ actor: actor.key, eventId });
    const sign = (bytes: Uint8Array): Uint8Array => signEd25519(actor.seed, bytes);
    const payload = proposeRemoval({ context }, { senderIndex: 0, leafIndex: 2, authenticatedData, sign });
    const { ref } = resultOf(parseProposalMessage(payload));
    const body = { epoch: 1, purpose, proposalRef: ref, proposalHash: sha256(payload), proposalSize: payload.length };
    const signed = actor.sign({
      chain,
      seen,
      time,
      type: mlsProposal.type,
      body: mlsProposal.encodeBody(body),
      eventId,
    });
    return { ...signed, payload };
  };
}
