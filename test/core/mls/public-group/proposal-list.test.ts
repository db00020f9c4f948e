import type { Commit, Proposal } from 'ts-mls';
import { decodeMlsMessage } from 'ts-mls/message.js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { applyCommit, type PublicGroup } from '../../../../core/mls/index.ts';
import { externalSenders, newExtensions, removal, requiredCapabilities } from '../../../sdk/mls/malice.ts';
import { isGenuine } from '../genuine.ts';
import { codeOf, makePerson, NOW_MS, valueOf, type Person } from '../../../sdk/mls/people.ts';
import {
  additionOf,
  byReference,
  byValue,
  commitBy,
  draw,
  forgeCommit,
  joinFromOutside,
  makeCrew,
  propose,
  proposeBy,
  updateOf,
  type Crew,
} from './crew.ts';

/** Ada, Bob and Cem, on leaves 0 to 2, and Dan who is outside. Ada commits. */
let crew: Crew;
let dan: Person;
let addDan: Proposal;
beforeAll(async () => {
  vi.setSystemTime(NOW_MS);
  crew = await makeCrew(3);
  dan = await makePerson(4);
  addDan = additionOf((await draw(dan)).keyPackage);
});
afterAll(() => vi.useRealTimers());

function ada() {
  return crew.members[0]!.client;
}

/** What the public group says of Ada's commit of these proposals by value, without a path. */
async function verdict(...proposals: Proposal[]): Promise<string> {
  return codeOf(applyCommit(crew.group, await forgeCommit(ada(), proposals.map(byValue))));
}

/** The group with these members' proposals in it, and their references. */
async function proposed(...proposals: readonly (readonly [member: number, Proposal])[]) {
  let group: PublicGroup = crew.group;
  for (const [member, proposal] of proposals) {
    group = propose(group, (await proposeBy(crew.members[member]!.client, proposal)).message);
  }
  return { group, refs: [...group.proposals.values()].map(({ ref }) => byReference(ref)) };
}

function pskProposal(alter: object = {}): Proposal {
  const preSharedKeyId = { psktype: 'external', pskId: Uint8Array.of(1), pskNonce: new Uint8Array(32), ...alter };
  return { proposalType: 'psk', psk: { preSharedKeyId: preSharedKeyId as never } };
}

function reinitProposal(): Proposal {
  const { groupContext } = ada();
  const { version, cipherSuite } = groupContext;
  const reinit = { groupId: new Uint8Array(32), version, cipherSuite, extensions: [] };
  return { proposalType: 'reinit', reinit };
}

const EXTERNAL_INIT: Proposal = { proposalType: 'external_init', externalInit: { kemOutput: new Uint8Array(32) } };

test('[ML72] what breaks no rule is followed', async () => {
  expect(await verdict(addDan)).toBe('accepted');
  expect(await verdict(pskProposal(), addDan)).toBe('accepted');
  expect(await verdict(pskProposal(), pskProposal({ pskNonce: new Uint8Array(32).fill(1) }))).toBe('accepted');
  expect(await verdict(reinitProposal())).toBe('accepted');
});

describe('each rule of RFC 9420 §12.2 for a member’s commit', () => {
  test('[ML72] a proposal that is invalid by itself', async () => {
    expect(await verdict(removal(3))).toBe('remove-of-nobody');
    expect(await verdict(removal(2_000_000_000))).toBe('remove-of-nobody');
    expect(await verdict(pskProposal({ pskNonce: new Uint8Array(16) }))).toBe('psk-id');
    const branch = { psktype: 'resumption', usage: 'branch', pskGroupId: new Uint8Array(32), pskEpoch: 1n };
    expect(await verdict(pskProposal(branch))).toBe('psk-id');
    const odd = { extensionType: 'required_capabilities' as never, extensionData: Uint8Array.of(1) };
    expect(await verdict(newExtensions(odd))).toBe('group-extensions-malformed');
  });

  test('[ML72] a PreSharedKey that carries on another group, but in the first commit of all', async () => {
    const carried = { psktype: 'resumption', usage: 'reinit', pskGroupId: new Uint8Array(32), pskEpoch: 1n };
    expect(await verdict(pskProposal(carried))).toBe('psk-id');
    const founding = await makeCrew(1);
    const first = await forgeCommit(founding.members[0]!.client, [byValue(pskProposal(carried)), byValue(addDan)]);
    expect(codeOf(applyCommit(founding.group, first))).toBe('accepted');
    const within = { ...carried, usage: 'application' };
    expect(await verdict(pskProposal(within))).toBe('accepted');
  });

  test('[ML72] an Update by the committer', async () => {
    const { proposal } = await updateOf(ada());
    expect(await verdict(proposal)).toBe('list-own-update');
    const { group, refs } = await proposed([0, proposal]);
    expect(codeOf(applyCommit(group, await forgeCommit(ada(), refs)))).toBe('list-own-update');
  });

  test('[ML72] a Remove of the committer', async () => {
    expect(await verdict(removal(0))).toBe('list-own-removal');
    const { group, refs } = await proposed([1, removal(0)]);
    expect(codeOf(applyCommit(group, await forgeCommit(ada(), refs)))).toBe('list-own-removal');
  });

  test('[ML72] two Updates or Removes of one leaf', async () => {
    expect(await verdict(removal(1), removal(1))).toBe('list-leaf-twice');
    const bob = crew.members[1]!.client;
    const [first, second] = await Promise.all([updateOf(bob), updateOf(bob)]);
    const { group, refs } = await proposed([1, first.proposal], [1, second.proposal]);
    expect(codeOf(applyCommit(group, await forgeCommit(ada(), refs)))).toBe('list-leaf-twice');
    const mixed = [refs[0]!, byValue(removal(1))];
    expect(codeOf(applyCommit(group, await forgeCommit(ada(), mixed)))).toBe('list-leaf-twice');
  });

  test('[ML72] two Adds of one client', async () => {
    const again = additionOf((await draw(dan)).keyPackage);
    expect(await verdict(addDan, again)).toBe('list-client-twice');
  });

  test('[ML72] an Add of a client that is a member and stays one', async () => {
    const addBob = additionOf((await draw(crew.members[1]!.person)).keyPackage);
    expect(await verdict(addBob)).toBe('list-client-present');
    expect(await verdict(addBob, removal(2))).toBe('list-client-present');
    // No rule of the list: what is missing is the path.
    expect(await verdict(addBob, removal(1))).toBe('commit-path');
  });

  test('[ML72] two PreSharedKeys of one PreSharedKeyID', async () => {
    expect(await verdict(pskProposal(), pskProposal())).toBe('list-psk-twice');
  });

  test('[ML72] two GroupContextExtensions', async () => {
    expect(await verdict(newExtensions(), newExtensions())).toBe('list-extensions-twice');
  });

  test('[ML72] a ReInit together with any other', async () => {
    expect(await verdict(reinitProposal(), addDan)).toBe('list-reinit-with-others');
    expect(await verdict(reinitProposal(), reinitProposal())).toBe('list-reinit-with-others');
  });

  test('[ML72] an ExternalInit', async () => {
    expect(await verdict(EXTERNAL_INIT)).toBe('list-external-init');
  });

  test('[ML72] a type that a member doesn’t know', async () => {
    expect(await verdict({ proposalType: 0xf00d, proposalData: new Uint8Array() })).toBe('list-unsupported-type');
  });

  test('[ML72] a tree with one key in two places', async () => {
    const bobsKey = leafOf(1).hpkePublicKey;
    const suspect = additionOf((await draw(dan)).keyPackage) as Extract<Proposal, { proposalType: 'add' }>;
    const { keyPackage } = suspect.add;
    const leafNode = { ...keyPackage.leafNode, hpkePublicKey: bobsKey };
    expect(await verdict(additionOf({ ...keyPackage, leafNode }))).toBe('tree-encryption-key');
    const sameSigner = { ...keyPackage.leafNode, signaturePublicKey: leafOf(1).signaturePublicKey };
    expect(await verdict(additionOf({ ...keyPackage, leafNode: sameSigner }))).toBe('tree-signature-key');
  });

  test('[ML72] a tree with a member who lacks what the group demands', async () => {
    const path = await genuinePath();
    const demands = { extensionType: 'required_capabilities' as never, extensionData: Uint8Array.of(2, 0xf0, 1, 0, 0) };
    const demanding = await forgeCommit(ada(), [byValue(newExtensions(demands))], { path });
    expect(codeOf(applyCommit(crew.group, demanding))).toBe('tree-required-capabilities');
    const unknown = { extensionType: 0xf001, extensionData: new Uint8Array() };
    const extended = await forgeCommit(ada(), [byValue(newExtensions(unknown))], { path });
    expect(codeOf(applyCommit(crew.group, extended))).toBe('tree-group-extensions');
  });

  test('[ML55] [ML56] extensions that members of this version would refuse', async () => {
    const path = await genuinePath();
    const commitOf = (...extensions: Parameters<typeof newExtensions>) =>
      forgeCommit(ada(), [byValue(newExtensions(...extensions))], { path });
    const verdictOf = async (...extensions: Parameters<typeof newExtensions>) =>
      codeOf(applyCommit(crew.group, await commitOf(...extensions)));
    expect(await verdictOf(requiredCapabilities({ extensionTypes: [5] }))).toBe('group-extensions-malformed');
    expect(await verdictOf(requiredCapabilities({ proposalTypes: [7] }))).toBe('group-extensions-malformed');
    expect(await verdictOf(requiredCapabilities({ credentialTypes: ['x509'] }))).toBe('accepted');
    const { signatureKey, credentialIdentity } = dan.identity;
    expect(await verdictOf(externalSenders(signatureKey, Uint8Array.of(1)))).toBe('credential-unbound');
    expect(await verdictOf(externalSenders(new Uint8Array(31), credentialIdentity))).toBe('leaf-keys');
    const known = await commitOf(externalSenders(signatureKey, credentialIdentity));
    const jobs = valueOf(applyCommit(crew.group, known)).bindings.length;
    const none = valueOf(applyCommit(crew.group, await commitOf())).bindings.length;
    expect(jobs - none).toBe(1);
    const stolen = await commitOf(externalSenders(leafOf(1).signaturePublicKey, credentialIdentity));
    expect(isGenuine(valueOf(applyCommit(crew.group, known)).bindings)).toBe(true);
    expect(isGenuine(valueOf(applyCommit(crew.group, stolen)).bindings)).toBe(false);
  });

  test('[ML72] a reference to what nobody proposed in this epoch', async () => {
    const { group, refs } = await proposed([1, removal(2)]);
    expect(codeOf(applyCommit(crew.group, await forgeCommit(ada(), refs)))).toBe('list-unknown-reference');
    expect(codeOf(applyCommit(group, await forgeCommit(ada(), refs)))).toBe('commit-path');
  });

  test('[ML72] more proposals than the limit', async () => {
    const many = Array.from({ length: 513 }, () => removal(1));
    expect(await verdict(...many)).toBe('list-too-long');
  });
});

describe('whether a path is required (RFC 9420 §12.4)', () => {
  test('[ML73] without one: Adds, PreSharedKeys, a ReInit, or all that doesn’t touch who is in', async () => {
    for (const proposals of [[addDan], [pskProposal()], [reinitProposal()]]) {
      expect(await verdict(...proposals)).toBe('accepted');
    }
  });

  test('[ML73] with one: an empty list, and any Remove, Update or GroupContextExtensions', async () => {
    expect(await verdict()).toBe('commit-path');
    expect(await verdict(addDan, removal(1))).toBe('commit-path');
    expect(await verdict(newExtensions())).toBe('commit-path');
    const { group, refs } = await proposed([1, (await updateOf(crew.members[1]!.client)).proposal]);
    expect(codeOf(applyCommit(group, await forgeCommit(ada(), refs)))).toBe('commit-path');
  });
});

describe('each rule for an external commit (RFC 9420 §12.2, §12.4.3.2)', () => {
  /** Dan's commit from outside with its proposals exchanged. */
  async function outside(proposals: readonly Proposal[], person = dan): Promise<string> {
    const { bundle, client } = await joinFromOutside(crew.groupInfo, person, false);
    const { path } = commitIn(bundle.commit);
    const outsider = { ...client, groupContext: ada().groupContext };
    const sender = { senderType: 'new_member_commit' } as const;
    const commit = await forgeCommit(outsider, proposals.map(byValue), { sender, ...(path && { path }) });
    return codeOf(applyCommit(crew.group, commit));
  }

  test('[ML74] exactly one ExternalInit', async () => {
    expect(await outside([EXTERNAL_INIT])).toBe('accepted');
    expect(await outside([])).toBe('external-init-count');
    expect(await outside([EXTERNAL_INIT, EXTERNAL_INIT])).toBe('external-init-count');
  });

  test('[ML74] at most one Remove, of the joiner’s own former leaf', async () => {
    expect(await outside([EXTERNAL_INIT, removal(1), removal(2)])).toBe('external-removals');
    expect(await outside([EXTERNAL_INIT, removal(1)])).toBe('resync-credential');
  });

  test('[ML74] PreSharedKeys, each once, and no other type', async () => {
    expect(await outside([EXTERNAL_INIT, pskProposal()])).toBe('accepted');
    expect(await outside([EXTERNAL_INIT, pskProposal(), pskProposal()])).toBe('list-psk-twice');
    expect(await outside([EXTERNAL_INIT, addDan])).toBe('external-proposal');
    expect(await outside([EXTERNAL_INIT, newExtensions()])).toBe('external-proposal');
    expect(await outside([EXTERNAL_INIT, { proposalType: 0xf00d, proposalData: new Uint8Array() }])).toBe(
      'external-proposal',
    );
  });

  test('[ML74] nothing by reference', async () => {
    const { group, refs } = await proposed([1, pskProposal()]);
    const { bundle, client } = await joinFromOutside(crew.groupInfo, dan, false);
    const { path } = commitIn(bundle.commit);
    const outsider = { ...client, groupContext: ada().groupContext };
    const sender = { senderType: 'new_member_commit' } as const;
    const commit = await forgeCommit(outsider, [byValue(EXTERNAL_INIT), ...refs], { sender, path: path! });
    expect(codeOf(applyCommit(group, commit))).toBe('external-reference');
  });

  test('[ML74] a path', async () => {
    const sender = { senderType: 'new_member_commit' } as const;
    const commit = await forgeCommit(ada(), [byValue(EXTERNAL_INIT)], { sender });
    expect(codeOf(applyCommit(crew.group, commit))).toBe('commit-path');
  });

  test('[ML74] a member can’t come in a second time without leaving its former leaf', async () => {
    const bob = crew.members[1]!.person;
    const { bundle } = await joinFromOutside(crew.groupInfo, bob, false).catch(() => ({ bundle: undefined }));
    if (bundle !== undefined) expect(codeOf(applyCommit(crew.group, bundle.commit))).toMatch(/^tree-/);
    const resync = await joinFromOutside(crew.groupInfo, bob, true);
    const followed = valueOf(applyCommit(crew.group, resync.bundle.commit));
    expect([followed.isExternal, followed.removed]).toEqual([true, [bob.actor]]);
  });
});

function leafOf(leafIndex: number) {
  const node = ada().ratchetTree[leafIndex * 2];
  if (node?.nodeType !== 'leaf') throw new Error('no leaf');
  return node.leaf;
}

function commitIn(message: Uint8Array): Commit {
  const decoded = decodeMlsMessage(message, 0)?.[0];
  if (decoded?.wireformat !== 'mls_public_message') throw new Error('no PublicMessage');
  const { content } = decoded.publicMessage;
  if (content.contentType !== 'commit') throw new Error('no commit');
  return content.commit;
}

/** A path that fits the tree of the group as it is. */
async function genuinePath() {
  const { path } = commitIn((await commitBy(ada())).bundle.commit);
  if (path === undefined) throw new Error('no path');
  return path;
}
