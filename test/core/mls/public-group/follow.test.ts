import type { ClientState, GroupInfo } from 'ts-mls';
import { signGroupInfo } from 'ts-mls/groupInfo.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { equalBytes, toHex } from '../../../../core/index.ts';
import {
  addProposal,
  applyCommit,
  bootstrapGroup,
  checkNextGroupInfo,
  checkWelcome,
  encodePublicTree,
  leavesOf,
  type FollowedCommit,
} from '../../../../core/mls/index.ts';
import { encodeGroupContext } from 'ts-mls/groupContext.js';
import { loadDefaultSuite } from '../../../../sdk/mls/suite.ts';
import { encryptAs, externalSenders, removal } from '../../../sdk/mls/malice.ts';
import { codeOf, foundGroup, makePerson, NOW_MS, valueOf, type Person } from '../../../sdk/mls/people.ts';
import { isGenuine } from '../genuine.ts';
import {
  additionOf,
  byValue,
  commitBy,
  draw,
  encodeGroupInfo,
  follow,
  forgeCommit,
  genuine,
  groupInfoOf,
  joinFromOutside,
  makeCrew,
  openGroupInfo,
  propose,
  proposeBy,
  proposeFromOutside,
  updateOf,
  type Bundle,
  type Crew,
} from './crew.ts';

/** Ada, Bob and Cem, and Dan who is outside. */
let crew: Crew;
let dan: Person;
beforeAll(async () => {
  vi.setSystemTime(NOW_MS);
  crew = await makeCrew(3);
  dan = await makePerson(4);
});
afterAll(() => vi.useRealTimers());

function clientOf(member: number) {
  return crew.members[member]!.client;
}

describe('bootstrap', () => {
  test('[ML70] from any epoch gives the group that was followed from the founding on', async () => {
    const { group } = genuine(bootstrapGroup(crew.groupInfo));
    expect(toHex(group.encodedContext)).toBe(toHex(crew.group.encodedContext));
    expect(group.tree).toEqual(crew.group.tree);
    expect(group.interimTranscriptHash).toEqual(crew.group.interimTranscriptHash);
    const { commit } = (await commitBy(clientOf(0))).bundle;
    expect(valueOf(applyCommit(group, commit)).group).toEqual(valueOf(applyCommit(crew.group, commit)).group);
  });

  test('[ML70] with the tree beside the GroupInfo', async () => {
    const own = openGroupInfo(crew.groupInfo);
    const bare = await resigned({
      ...own,
      extensions: own.extensions.filter((each) => each.extensionType !== 'ratchet_tree'),
    });
    expect(codeOf(bootstrapGroup(bare))).toBe('group-info-tree-missing');
    const { group } = genuine(bootstrapGroup(bare, { treeOf: () => encodeRatchetTree(clientOf(0).ratchetTree) }));
    expect(group.tree).toEqual(crew.group.tree);
  });

  test('[ML70] refuses a tree of another hash, and one that nobody vouches for', async () => {
    const own = openGroupInfo(crew.groupInfo);
    const { groupInfo: other } = (await commitBy(clientOf(0))).bundle;
    const ratchetTree = openGroupInfo(other).extensions.find((each) => each.extensionType === 'ratchet_tree')!;
    const extensions = [ratchetTree, ...own.extensions.filter((each) => each.extensionType !== 'ratchet_tree')];
    expect(codeOf(bootstrapGroup(await resigned({ ...own, extensions })))).toBe('group-info-tree-hash');
    const rotated = openGroupInfo((await commitBy(clientOf(0))).bundle.groupInfo);
    const tree = clientOf(0).ratchetTree;
    expect(tree[0]?.nodeType).toBe('leaf');
    expect(codeOf(bootstrapGroup(await resigned({ ...rotated, signer: 9 })))).toBe('group-info-signer');
  });

  /** The GroupInfo, signed by Ada. */
  async function resigned(groupInfo: GroupInfo): Promise<Uint8Array> {
    const { signature } = await loadDefaultSuite();
    return encodeGroupInfo(await signGroupInfo(groupInfo, clientOf(0).signaturePrivateKey, signature));
  }
});

describe('a proposal', () => {
  test('[ML71] of a member, of a newcomer, and of an external sender is kept for commits to refer to', async () => {
    const relay = await makePerson(9);
    const { signatureKey, credentialIdentity } = relay.identity;
    const listed = await makeCrew(2, [externalSenders(signatureKey, credentialIdentity)]);
    const [ada, bob] = listed.members.map(({ client }) => client);
    const { keyPackage } = await draw(dan);
    const messages = [
      (await proposeBy(bob!, (await updateOf(bob!)).proposal)).message,
      await proposeFromOutside(
        ada!,
        additionOf(keyPackage),
        { senderType: 'new_member_proposal' },
        dan.identity.signatureSeed,
      ),
      await proposeFromOutside(
        ada!,
        removal(1),
        { senderType: 'external', senderIndex: 0 },
        relay.identity.signatureSeed,
      ),
    ];
    const group = messages.reduce(propose, listed.group);
    expect([...group.proposals.values()].map(({ sender, change }) => [sender.kind, change.kind])).toEqual([
      ['member', 'update'],
      ['new-member-proposal', 'add'],
      ['external', 'remove'],
    ]);
    expect(listed.group.proposals.size).toBe(0);
    const stranger = await proposeFromOutside(
      ada!,
      removal(1),
      { senderType: 'external', senderIndex: 1 },
      dan.identity.signatureSeed,
    );
    expect(codeOf(addProposal(listed.group, stranger))).toBe('proposal-sender');
  });

  test('[ML71] of an external sender counts by the key at its index, in its epoch, and can be committed', async () => {
    const { signatureKey, credentialIdentity, signatureSeed } = (await makePerson(9)).identity;
    const listed = await makeCrew(3, [externalSenders(signatureKey, credentialIdentity)]);
    const [ada, , cem] = listed.members.map(({ client }) => client);
    const by = { senderType: 'external', senderIndex: 0 } as const;
    const message = await proposeFromOutside(ada!, removal(1), by, signatureSeed);
    const group = propose(listed.group, message);
    const made = await commitBy(await follow(ada!, message));
    const followed = genuine(applyCommit(group, made.bundle.commit));
    expect(followed.removed).toEqual([listed.members[1]!.person.actor]);
    expect((await follow(await follow(cem!, message), made.bundle.commit)).groupContext.epoch).toBe(2n);
    // Somebody else's signature, and one of this sender in another epoch.
    const forged = await proposeFromOutside(ada!, removal(1), by, dan.identity.signatureSeed);
    expect(isGenuine(valueOf(addProposal(listed.group, forged)).signatures)).toBe(false);
    expect(codeOf(addProposal(followed.group, message))).toBe('proposal-epoch');
    const update = await proposeFromOutside(ada!, (await updateOf(ada!)).proposal, by, signatureSeed);
    expect(codeOf(addProposal(listed.group, update))).toBe('proposal-sender');
  });

  test('[ML71] that its sender may not make is refused', async () => {
    const ada = clientOf(0);
    const seed = dan.identity.signatureSeed;
    const newcomer = await proposeFromOutside(ada, removal(1), { senderType: 'new_member_proposal' }, seed);
    expect(codeOf(addProposal(crew.group, newcomer))).toBe('proposal-sender');
    const nobody = await proposeFromOutside(ada, removal(1), { senderType: 'external', senderIndex: 0 }, seed);
    expect(codeOf(addProposal(crew.group, nobody))).toBe('proposal-sender');
    const gone = { ...ada, privatePath: { ...ada.privatePath, leafIndex: 3 } };
    expect(codeOf(addProposal(crew.group, (await proposeBy(gone, removal(1))).message))).toBe('proposal-sender');
  });

  test('[ML71] of another group or epoch is refused', async () => {
    const ada = clientOf(0);
    const elsewhere = { ...ada, groupContext: { ...ada.groupContext, groupId: new Uint8Array(32) } };
    expect(codeOf(addProposal(crew.group, (await proposeBy(elsewhere, removal(1))).message))).toBe('proposal-group');
    const later = { ...ada, groupContext: { ...ada.groupContext, epoch: 9n } };
    expect(codeOf(addProposal(crew.group, (await proposeBy(later, removal(1))).message))).toBe('proposal-epoch');
    expect(codeOf(addProposal(crew.group, await forgeCommit(ada, [])))).toBe('mls-content-type');
  });

  test('[ML71] an Update that keeps its key or turns into another client is refused', async () => {
    const bob = clientOf(1);
    const leaf = bob.ratchetTree[2];
    if (leaf?.nodeType !== 'leaf') throw new Error('no leaf');
    const same = await updateOf(bob, { hpkePublicKey: leaf.leaf.hpkePublicKey });
    expect(codeOf(addProposal(crew.group, (await proposeBy(bob, same.proposal)).message))).toBe('update-key');
    const credential = { credentialType: 'basic' as const, identity: dan.identity.credentialIdentity };
    const other = await updateOf(bob, { credential });
    expect(codeOf(addProposal(crew.group, (await proposeBy(bob, other.proposal)).message))).toBe('update-credential');
  });

  test('[ML71] signed by somebody else has a signature that fails', async () => {
    const impostor = { ...clientOf(2), privatePath: { ...clientOf(2).privatePath, leafIndex: 1 } };
    const { message } = await proposeBy(impostor, removal(0));
    expect(isGenuine(valueOf(addProposal(crew.group, message)).signatures)).toBe(false);
  });
});

describe('the next epoch', () => {
  test('[ML75] is the members’ own, and its committer and members are named', async () => {
    const { keyPackage } = await draw(dan);
    const { bundle, client } = await commitBy(clientOf(1), [removal(0), additionOf(keyPackage)]);
    const followed = genuine(applyCommit(crew.group, bundle.commit));
    expect(toHex(followed.group.encodedContext)).toBe(toHex(encodeGroupContext(client.groupContext)));
    expect(equalBytes(encodePublicTree(followed.group.tree), encodeRatchetTree(client.ratchetTree))).toBe(true);
    expect(followed).toMatchObject({ isExternal: false, committer: { leafIndex: 1 } });
    expect(followed.removed).toEqual([crew.members[0]!.person.actor]);
    expect(followed.added.map((added) => [added.leafIndex, added.client])).toEqual([[0, dan.actor]]);
    expect([...leavesOf(followed.group.tree)].map(([index, { client: actor }]) => [index, actor])).toEqual([
      [0, dan.actor],
      [1, crew.members[1]!.person.actor],
      [2, crew.members[2]!.person.actor],
    ]);
  });

  test('[ML75] leaves the one before as it was', async () => {
    const before = toHex(crew.group.encodedContext);
    const { commit } = (await commitBy(clientOf(0), [removal(2)])).bundle;
    valueOf(applyCommit(crew.group, commit));
    valueOf(applyCommit(crew.group, commit));
    expect(toHex(crew.group.encodedContext)).toBe(before);
    expect([...leavesOf(crew.group.tree)]).toHaveLength(3);
  });

  test('[ML75] keeps the hashes of what did not change', async () => {
    const { commit } = (await commitBy(clientOf(2))).bundle;
    const { group } = valueOf(applyCommit(crew.group, commit));
    expect(group.tree.hashes[1]).toBe(crew.group.tree.hashes[1]);
    expect(group.tree.hashes[5]).not.toEqual(crew.group.tree.hashes[5]);
  });

  test('[ML75] doesn’t come after a ReInit', async () => {
    const { version, cipherSuite } = clientOf(0).groupContext;
    const reinit = { groupId: new Uint8Array(32), version, cipherSuite, extensions: [] };
    const made = await commitBy(clientOf(0), [{ proposalType: 'reinit', reinit }]);
    const { group, successor } = genuine(applyCommit(crew.group, made.bundle.commit));
    expect(group.isSuspended).toBe(true);
    expect(successor).toEqual({ groupId: reinit.groupId, suite: cipherSuite, extensions: [] });
    const resumed = { ...made.client, groupActiveState: { kind: 'active' as const } };
    expect(codeOf(applyCommit(group, (await commitBy(resumed)).bundle.commit))).toBe('commit-after-reinit');
    expect(codeOf(addProposal(group, (await proposeBy(resumed, removal(1))).message))).toBe('commit-after-reinit');
  });

  test('[ML75] doesn’t come of a commit of another group, epoch, or by nobody', async () => {
    const ada = clientOf(0);
    const { groupContext } = ada;
    const elsewhere = { ...ada, groupContext: { ...groupContext, groupId: new Uint8Array(32) } };
    expect(codeOf(applyCommit(crew.group, await forgeCommit(elsewhere, [])))).toBe('commit-group');
    const earlier = { ...ada, groupContext: { ...groupContext, epoch: 0n } };
    expect(codeOf(applyCommit(crew.group, await forgeCommit(earlier, [])))).toBe('commit-epoch');
    const nobody = { senderType: 'member', leafIndex: 3 } as const;
    expect(codeOf(applyCommit(crew.group, await forgeCommit(ada, [], { sender: nobody })))).toBe('commit-sender');
    const external = { senderType: 'external', senderIndex: 0 } as const;
    expect(codeOf(applyCommit(crew.group, await forgeCommit(ada, [], { sender: external })))).toBe('commit-sender');
    const message = await encryptAs(await foundGroup(crew.members[0]!.person), 0, 'hello');
    expect(codeOf(applyCommit(crew.group, message))).toBe('mls-wire-format');
  });
});

describe('a bundle', () => {
  let bundle: Bundle;
  let followed: FollowedCommit;
  beforeAll(async () => {
    const { keyPackage } = await draw(dan);
    ({ bundle } = await commitBy(clientOf(1), [removal(0), additionOf(keyPackage)]));
    followed = genuine(applyCommit(crew.group, bundle.commit));
  });

  function verdict(change: (groupInfo: GroupInfo) => GroupInfo): string {
    return codeOf(checkNextGroupInfo(followed, encodeGroupInfo(change(openGroupInfo(bundle.groupInfo)))));
  }

  test('[ML76] has the GroupInfo of the epoch that its commit begins', async () => {
    expect(isGenuine([valueOf(checkNextGroupInfo(followed, bundle.groupInfo))])).toBe(true);
    expect(verdict((own) => ({ ...own, groupContext: { ...own.groupContext, epoch: 9n } }))).toBe('next-group-context');
    expect(verdict((own) => ({ ...own, confirmationTag: new Uint8Array(32) }))).toBe('next-confirmation-tag');
    expect(verdict((own) => ({ ...own, signer: 2 }))).toBe('next-signer');
    expect(verdict((own) => ({ ...own, extensions: [...own.extensions, ...own.extensions] }))).toBe('next-extensions');
    const bareKey = (own: GroupInfo) => ({
      ...own,
      extensions: own.extensions.map((each) =>
        each.extensionType === 'external_pub' ? { ...each, extensionData: each.extensionData.subarray(1) } : each,
      ),
    });
    expect(verdict(bareKey)).toBe('next-external-pub');
    const other = await groupInfoOf((await commitBy(clientOf(1), [removal(0)])).client);
    expect(codeOf(checkNextGroupInfo(followed, other))).toBe('next-group-context');
  });

  const without = (type: string) => (own: GroupInfo) => ({
    ...own,
    extensions: own.extensions.filter(({ extensionType }) => extensionType !== type),
  });

  test('[ML34] has a GroupInfo by which members can come back', () => {
    expect(verdict(without('external_pub'))).toBe('next-no-external-pub');
  });

  test('[ML90] needs no tree, and the one that it has is the commit’s', () => {
    expect(verdict(without('ratchet_tree'))).toBe('accepted');
    const withTree = (tree: Uint8Array) => (own: GroupInfo) => ({
      ...own,
      extensions: [
        ...without('ratchet_tree')(own).extensions,
        { extensionType: 'ratchet_tree' as const, extensionData: tree },
      ],
    });
    expect(verdict(withTree(encodePublicTree(followed.group.tree)))).toBe('accepted');
    expect(verdict(withTree(encodePublicTree(crew.group.tree)))).toBe('next-tree');
  });

  test('[ML76] has a Welcome for exactly those whom the commit adds', async () => {
    const verdict = (added: FollowedCommit['added'], bytes: Uint8Array) =>
      codeOf(checkWelcome({ ...followed, added }, bytes));
    const { added } = followed;
    expect(verdict(added, bundle.welcome)).toBe('accepted');
    expect(verdict(added, new Uint8Array())).toBe('commit-welcome');
    expect(verdict([], bundle.welcome)).toBe('commit-welcome');
    expect(verdict([], new Uint8Array())).toBe('accepted');
    expect(verdict([{ ...added[0]!, ref: new Uint8Array(32) }], bundle.welcome)).toBe('commit-welcome');
    expect(verdict([added[0]!, added[0]!], bundle.welcome)).toBe('commit-welcome');
  });

  test('[ML76] has a Welcome of the group’s own suite', () => {
    const opened = decodeMlsMessage(bundle.welcome, 0)?.[0];
    if (opened?.wireformat !== 'mls_welcome') throw new Error('no Welcome');
    const cipherSuite = 'MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519' as const;
    const other = encodeMlsMessage({ ...opened, welcome: { ...opened.welcome, cipherSuite } });
    expect(codeOf(checkWelcome(followed, other))).toBe('mls-suite');
  });
});

test('[ML77] a commit by a member in another’s name has a signature that fails', async () => {
  const cem = clientOf(2);
  const { keyPackage } = await draw(dan);
  const add = [byValue(additionOf(keyPackage))];
  const verdictOn = async (client: ClientState) => {
    const { signatures, committer } = valueOf(applyCommit(crew.group, await forgeCommit(client, add)));
    return { committer: committer.leafIndex, isGenuine: isGenuine(signatures) };
  };
  expect(await verdictOn(cem)).toEqual({ committer: 2, isGenuine: true });
  const asBob = { ...cem, privatePath: { ...cem.privatePath, leafIndex: 1 } };
  expect(await verdictOn(asBob)).toEqual({ committer: 1, isGenuine: false });
});

test('[ML74] somebody outside joins by a commit of their own, and is followed', async () => {
  const { bundle, client } = await joinFromOutside(crew.groupInfo, dan, false);
  const followed = genuine(applyCommit(crew.group, bundle.commit));
  expect(followed).toMatchObject({ isExternal: true, committer: { leafIndex: 3 }, added: [], removed: [] });
  expect(toHex(followed.group.encodedContext)).toBe(toHex(encodeGroupContext(client.groupContext)));
  expect(isGenuine([valueOf(checkNextGroupInfo(followed, bundle.groupInfo))])).toBe(true);
});

test('[ML72] a commit by value and by reference is one, where its proposals are known', async () => {
  const bob = await proposeBy(clientOf(1), (await updateOf(clientOf(1))).proposal);
  const group = propose(crew.group, bob.message);
  const [known] = group.proposals.values();
  const ref = { proposalOrRefType: 'reference' as const, reference: known!.ref };
  const { keyPackage } = await draw(dan);
  const commit = await forgeCommit(clientOf(0), [ref, byValue(additionOf(keyPackage))]);
  expect(codeOf(applyCommit(group, commit))).toBe('commit-path');
});
