import type { GroupInfo, RatchetTree } from 'ts-mls';
import { createGroupInfoWithExternalPub } from 'ts-mls/createCommit.js';
import { signGroupInfo } from 'ts-mls/groupInfo.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../../core/index.ts';
import {
  DEFAULT_TERMS,
  foundGroup,
  groupInfoSignatures,
  MAX_GROUP_INFO_BYTES,
  MAX_GROUP_LEAVES,
  memberRules,
  parseGroupInfo,
  parseRatchetTree,
} from '../../../core/mls/index.ts';
import { createGroup, makeGroupInfo, type GroupState } from '../../../sdk/mls/index.ts';
import { openState } from '../../../sdk/mls/open-state.ts';
import { loadDefaultSuite } from '../../../sdk/mls/suite.ts';
import {
  codeOf,
  commitAndFollow,
  GROUP_ID,
  groupOf,
  makePerson,
  NOW_MS,
  prepare,
  valueOf,
  type Person,
  treeOf,
} from '../../sdk/mls/people.ts';
import { flipsOf, isGenuine } from './genuine.ts';
import { encodeGroupInfo, openGroupInfo } from './public-group/crew.ts';

let people: Person[];
let states: GroupState[];
let message: Uint8Array;
beforeAll(async () => {
  people = await Promise.all([1, 2, 3].map((seedByte) => makePerson(seedByte)));
  states = await groupOf(people);
  message = await makeGroupInfo(states[1]!);
});

/** The GroupInfo of the second member with something changed, signed again. */
async function resigned(alter: (groupInfo: GroupInfo) => GroupInfo | Promise<GroupInfo>): Promise<Uint8Array> {
  const decoded = decodeMlsMessage(message, 0)?.[0];
  if (decoded?.wireformat !== 'mls_group_info') throw new Error('no GroupInfo');
  const { client } = openState(states[1]!);
  const { signature } = await loadDefaultSuite();
  const groupInfo = await signGroupInfo(await alter(decoded.groupInfo), client.signaturePrivateKey, signature);
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo });
}

/** With another tree, and the tree hash that belongs to it. */
function withTree(alter: (tree: RatchetTree) => RatchetTree): Promise<Uint8Array> {
  return resigned(async (groupInfo) => {
    const tree = alter(openState(states[1]!).client.ratchetTree.slice());
    const treeHash = await treeHashRoot(tree, (await loadDefaultSuite()).hash);
    return {
      ...withExtension(groupInfo, 'ratchet_tree', encodeRatchetTree(tree)),
      groupContext: { ...groupInfo.groupContext, treeHash },
    };
  });
}

function withExtension(groupInfo: GroupInfo, type: string, extensionData: Uint8Array): GroupInfo {
  const extensions = groupInfo.extensions.map((each) =>
    each.extensionType === type ? { ...each, extensionData } : each,
  );
  return { ...groupInfo, extensions };
}

describe('a GroupInfo', () => {
  test('[ML30] shows its epoch, tree and members, and is genuine', () => {
    const groupInfo = valueOf(parseGroupInfo(message));
    const { groupContext, confirmationTag } = openState(states[1]!).client;
    expect(groupInfo).toMatchObject({
      groupId: GROUP_ID,
      epoch: 1,
      suite: 1,
      treeHash: groupContext.treeHash,
      confirmedTranscriptHash: groupContext.confirmedTranscriptHash,
      confirmationTag,
      hash: sha256(message),
      signer: { leafIndex: 1, actor: people[1]!.actor },
    });
    expect(groupInfo.leaves.map(({ leafIndex, actor }) => [leafIndex, actor])).toEqual(
      people.map(({ actor }, index) => [index, actor]),
    );
    expect(isGenuine(groupInfoSignatures(groupInfo))).toBe(true);
  });

  test('[ML30] no byte can be changed', () => {
    for (const [offset, altered] of flipsOf(message)) {
      const parsed = parseGroupInfo(altered);
      expect(parsed.ok && isGenuine(groupInfoSignatures(parsed.value)), `byte ${offset}`).toBe(false);
    }
  });

  test('[ML29] leaves that were verified before are not verified again', async () => {
    const before = valueOf(parseGroupInfo(message));
    const next = await prepare(states[0]!);
    const after = valueOf(parseGroupInfo(next.groupInfo, treeOf(next.next)));
    expect(groupInfoSignatures(after, before)).toHaveLength(1 + 2);
    expect(isGenuine(groupInfoSignatures(after, before))).toBe(true);
    const elsewhere = { ...before, groupId: new Uint8Array(32) };
    expect(groupInfoSignatures(after, elsewhere)).toHaveLength(1 + 3 * 2);
  });

  test('[ML30] without its tree, or with another than it says, it is refused', async () => {
    const bare = await createGroupInfoWithExternalPub(openState(states[1]!).client, [], await loadDefaultSuite());
    const treeless = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo: bare });
    expect(codeOf(parseGroupInfo(treeless))).toBe('group-info-tree-missing');
    const [later] = await commitAndFollow(states);
    const otherTree = encodeRatchetTree(openState(later!).client.ratchetTree);
    const swapped = await resigned((groupInfo) => withExtension(groupInfo, 'ratchet_tree', otherTree));
    expect(codeOf(parseGroupInfo(swapped))).toBe('group-info-tree-hash');
  });

  test('[ML30] a signer that is no leaf is refused', async () => {
    expect(codeOf(parseGroupInfo(await resigned((groupInfo) => ({ ...groupInfo, signer: 3 }))))).toBe(
      'group-info-signer',
    );
    const other = valueOf(parseGroupInfo(await resigned((groupInfo) => ({ ...groupInfo, signer: 0 }))));
    expect(isGenuine([other.signature])).toBe(false);
  });

  test('[ML30] a tree with a node in the wrong place is refused', async () => {
    const misplaced = await resigned((groupInfo) => {
      const tree = openState(states[1]!).client.ratchetTree.slice();
      [tree[0], tree[1]] = [tree[1], tree[0]];
      return withExtension(groupInfo, 'ratchet_tree', encodeRatchetTree(tree));
    });
    expect(codeOf(parseGroupInfo(misplaced))).toBe('group-info-tree');
  });

  test.each([
    ['the same leaf twice', (tree: RatchetTree) => tree.with(4, tree[0])],
    ['one encryption key twice', (tree: RatchetTree) => withKey(tree, 'hpkePublicKey')],
    ['one encryption key on a leaf and above it', withLeafKeyAtRoot],
    ['one signature key twice', (tree: RatchetTree) => withKey(tree, 'signaturePublicKey')],
    ['one actor twice', (tree: RatchetTree) => withKey(tree, 'credential')],
  ])('[ML30] a tree with %s is refused', async (_, alter) => {
    expect(codeOf(parseGroupInfo(await withTree((tree) => tree)))).toBe('accepted');
    expect(codeOf(parseGroupInfo(await withTree(alter)))).toBe('group-info-tree');
  });

  function withKey(tree: RatchetTree, field: 'hpkePublicKey' | 'signaturePublicKey' | 'credential'): RatchetTree {
    const [first, third] = [tree[0], tree[4]];
    if (first?.nodeType !== 'leaf' || third?.nodeType !== 'leaf') throw new Error('two leaves');
    return tree.with(4, { ...third, leaf: { ...third.leaf, [field]: first.leaf[field] } });
  }

  function withLeafKeyAtRoot(tree: RatchetTree): RatchetTree {
    const [leaf, root] = [tree[0], tree[3]];
    if (leaf?.nodeType !== 'leaf' || root?.nodeType !== 'parent') throw new Error('a leaf and a root');
    return tree.with(3, { ...root, parent: { ...root.parent, hpkePublicKey: leaf.leaf.hpkePublicKey } });
  }

  test.each([
    ['bare', new Uint8Array(32)],
    ['short', Uint8Array.of(31, ...new Uint8Array(31))],
    ['trailing', Uint8Array.of(32, ...new Uint8Array(33))],
  ])('[ML32] an external_pub that is %s is refused', async (_, data) => {
    const altered = await resigned((groupInfo) => withExtension(groupInfo, 'external_pub', data));
    expect(codeOf(parseGroupInfo(altered))).toBe('group-info-external-pub');
    expect(valueOf(parseGroupInfo(message)).externalPub).toHaveLength(32);
  });

  test('[ML5] one over the limit is refused unread', () => {
    expect(codeOf(parseGroupInfo(new Uint8Array(MAX_GROUP_INFO_BYTES + 1)))).toBe('mls-too-large');
  });
});

describe('the founding GroupInfo', () => {
  test('[ML31] is of epoch 0 with its founder alone', async () => {
    const [founder] = people;
    const founded = await createGroup({ groupId: GROUP_ID, identity: founder!.identity, nowMs: NOW_MS });
    const rules = memberRules(DEFAULT_TERMS);
    const opened = valueOf(foundGroup(founded.groupInfo, rules));
    expect(opened.founder).toEqual(founder!.actor);
    expect(isGenuine(opened.signatures)).toBe(true);
    expect(opened.group.context.treeHash).toEqual(founded.treeHash);
    expect(codeOf(foundGroup(message, rules))).toBe('group-info-not-founding');
  });

  test('[ML34] lets members come back', async () => {
    const [founder] = people;
    const founded = await createGroup({ groupId: GROUP_ID, identity: founder!.identity, nowMs: NOW_MS });
    const own = openGroupInfo(founded.groupInfo);
    const extensions = own.extensions.filter(({ extensionType }) => extensionType !== 'external_pub');
    const closed = encodeGroupInfo({ ...own, extensions });
    expect(codeOf(foundGroup(closed, memberRules(DEFAULT_TERMS)))).toBe('group-info-no-external-pub');
  });
});

describe('large trees', () => {
  function treeOf(leaves: number): Uint8Array {
    const node = openState(states[0]!).client.ratchetTree[0];
    if (node?.nodeType !== 'leaf') throw new Error('a leaf');
    const { leaf } = node;
    if (leaf.credential.credentialType !== 'basic') throw new Error('a basic credential');
    const { identity } = leaf.credential;
    const tree: RatchetTree = [];
    for (let index = 0; index < leaves; index++) {
      const unique = (bytes: Uint8Array) => Uint8Array.of(...bytes.subarray(0, -2), index >> 8, index & 255);
      const actor = Uint8Array.of(...unique(identity.subarray(0, 32)), ...identity.subarray(32));
      tree[index * 2] = {
        nodeType: 'leaf',
        leaf: {
          ...leaf,
          hpkePublicKey: unique(leaf.hpkePublicKey),
          signaturePublicKey: unique(leaf.signaturePublicKey),
          credential: { credentialType: 'basic', identity: actor },
        },
      };
    }
    return encodeRatchetTree(Array.from(tree));
  }

  test('[ML5] a tree of 2,048 leaves is read, and hashed as RFC 9420 says', async () => {
    const encoded = treeOf(MAX_GROUP_LEAVES);
    const tree = valueOf(parseRatchetTree(encoded));
    expect(tree.leaves).toHaveLength(MAX_GROUP_LEAVES);
    const decoded = decodeRatchetTree(encoded, 0)![0];
    expect(tree.hash).toEqual(await treeHashRoot(decoded, (await loadDefaultSuite()).hash));
    expect(encoded.length).toBeLessThan(MAX_GROUP_INFO_BYTES);
  });

  test('[ML5] a tree with a leaf more is refused', () => {
    expect(codeOf(parseRatchetTree(treeOf(MAX_GROUP_LEAVES + 1)))).toBe('group-info-tree');
  });
});
