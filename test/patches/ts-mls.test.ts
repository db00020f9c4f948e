import {
  acceptAll,
  createApplicationMessage,
  createCommit,
  createGroup,
  createGroupInfoWithExternalPub,
  createGroupInfoWithExternalPubAndRatchetTree,
  emptyPskIndex,
  generateKeyPackage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  joinGroupExternal,
  processPrivateMessage,
  processPublicMessage,
  proposeExternal,
  type CiphersuiteImpl,
  type ClientState,
  type CreateCommitResult,
  type GroupContextExtensions,
  type GroupInfo,
  type Proposal,
} from 'ts-mls';
import { defaultClientConfig } from 'ts-mls/clientConfig.js';
import { validateRatchetTree } from 'ts-mls/clientState.js';
import { decodeVarLenData } from 'ts-mls/codec/variableLength.js';
import { deriveSecret } from 'ts-mls/crypto/kdf.js';
import { signGroupInfo } from 'ts-mls/groupInfo.js';
import { decodeKeyPackage, encodeKeyPackage } from 'ts-mls/keyPackage.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import { decodeParentNode, encodeParentNode } from 'ts-mls/parentNode.js';
import { getCommitSecret } from 'ts-mls/pathSecrets.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { toNodeIndex } from 'ts-mls/treemath.js';
import { beforeAll, describe, expect, test } from 'vitest';

const LIFETIME = { notBefore: 0n, notAfter: 4_000_000_000n };
const CAPABILITIES = {
  versions: ['mls10' as const],
  ciphersuites: ['MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519' as const],
  extensions: [],
  proposals: [],
  credentials: ['basic' as const],
};

let suite: CiphersuiteImpl;
beforeAll(async () => {
  suite = await getCiphersuiteImpl(getCiphersuiteFromName('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519'));
});

function makeKeyPackage(name: string) {
  const identity = Uint8Array.from(name, (letter) => letter.charCodeAt(0));
  return generateKeyPackage({ credentialType: 'basic', identity }, CAPABILITIES, LIFETIME, [], suite);
}

function commit(state: ClientState, extraProposals: Proposal[], cipherSuite = suite) {
  const options = { wireAsPublicMessage: true, ratchetTreeExtension: true, extraProposals };
  return createCommit({ state, cipherSuite }, options);
}

async function follow(state: ClientState, { commit: message }: CreateCommitResult) {
  if (message.wireformat !== 'mls_public_message') throw new Error('expected a PublicMessage');
  return (await processPublicMessage(state, message.publicMessage, emptyPskIndex, suite, acceptAll)).newState;
}

/** Adds `name` without a path, which leaves it unmerged at every populated node above it, and joins it. */
async function add(state: ClientState, name: string) {
  const { publicPackage, privatePackage } = await makeKeyPackage(name);
  const added = await commit(state, [{ proposalType: 'add', add: { keyPackage: publicPackage } }]);
  const join = () => joinGroup(added.welcome!, publicPackage, privatePackage, emptyPskIndex, suite);
  return { added, join };
}

async function foundGroup() {
  const { publicPackage, privatePackage } = await makeKeyPackage('ada');
  return createGroup(new Uint8Array(32), publicPackage, privatePackage, [], suite);
}

/**
 * Six leaves where node 3, over leaves 0 to 3, lists leaf 3 as unmerged, and the root above it does not: leaf 4 renewed
 * the root after leaf 3 had been added.
 */
async function groupWithUnequalUnmergedLeaves() {
  let ada = await foundGroup();
  for (const name of ['bob', 'cem']) ada = (await add(ada, name)).added.newState;
  ada = (await commit(ada, [])).newState;
  ada = (await add(ada, 'dan')).added.newState;
  const eve = await add(ada, 'eve');
  const renewal = await commit(await eve.join(), []);
  ada = await follow(eve.added.newState, renewal);
  return add(ada, 'fay');
}

function unmergedAt(state: ClientState, nodeIndex: number): number[] {
  const node = state.ratchetTree[nodeIndex];
  if (node?.nodeType !== 'parent') throw new Error(`node ${nodeIndex} is no populated parent`);
  return node.parent.unmergedLeaves;
}

async function validate(state: ClientState, alter: (nodeIndex: number, unmerged: number[]) => number[]) {
  const tree = state.ratchetTree.map((node, index) => {
    if (node?.nodeType !== 'parent') return node;
    return { ...node, parent: { ...node.parent, unmergedLeaves: alter(index, node.parent.unmergedLeaves) } };
  });
  const { lifetimeConfig, authService } = defaultClientConfig;
  const treeHash = await treeHashRoot(tree, suite.hash);
  return validateRatchetTree(tree, state.groupContext, lifetimeConfig, authService, treeHash, suite);
}

describe('unmerged leaves of a received tree (RFC 9420 §12.4.3.1)', () => {
  test('[ML60] a joiner accepts nodes on one path whose unmerged leaves differ', async () => {
    const { added, join } = await groupWithUnequalUnmergedLeaves();
    expect([unmergedAt(added.newState, 3), unmergedAt(added.newState, 7)]).toEqual([[3], [5]]);
    const fay = await join();
    expect(fay.groupContext).toEqual(added.newState.groupContext);
    const { privateMessage } = await createApplicationMessage(added.newState, new Uint8Array([1]), suite);
    const received = await processPrivateMessage(fay, privateMessage, emptyPskIndex, suite);
    expect(received).toMatchObject({ kind: 'applicationMessage', message: new Uint8Array([1]) });
  });

  test('[ML60] refuses an unmerged leaf that a populated node in between leaves out', async () => {
    const { added } = await groupWithUnequalUnmergedLeaves();
    expect(await validate(added.newState, (_, unmerged) => unmerged)).toBeUndefined();
    const refusal = await validate(added.newState, (node, unmerged) => (node === 7 ? [0, 5] : unmerged));
    expect(refusal?.message).toContain('must list leaf node in its unmerged_leaves');
  });

  test.each([
    ['of another subtree', 4],
    ['that is blank', 6],
    ['outside the tree', 4_000_000_000],
  ])('[ML60] refuses an unmerged leaf %s', async (_, leafIndex) => {
    const { added } = await groupWithUnequalUnmergedLeaves();
    const refusal = await validate(added.newState, (node, unmerged) => (node === 3 ? [leafIndex] : unmerged));
    expect(refusal?.message).toContain('non-blank descendant leaf');
  });
});

async function externalKeyOf(state: ClientState): Promise<Uint8Array> {
  // Its type names CryptoKey, which the types of this program don't have.
  const { publicKey } = (await suite.hpke.deriveKeyPair(state.keySchedule.externalSecret)) as unknown as {
    publicKey: never;
  };
  return suite.hpke.exportPublicKey(publicKey);
}

/** A GroupInfo of a foreign client: signed as it should be, with this `external_pub`. */
async function groupInfoWith(state: ClientState, extensionData: Uint8Array): Promise<GroupInfo> {
  const own = await createGroupInfoWithExternalPubAndRatchetTree(state, [], suite);
  const extensions = own.extensions.map((extension) =>
    extension.extensionType === 'external_pub' ? { ...extension, extensionData } : extension,
  );
  return signGroupInfo({ ...own, extensions }, state.signaturePrivateKey, suite.signature);
}

async function joinExternally(groupInfo: GroupInfo) {
  const { publicPackage, privatePackage } = await makeKeyPackage('bob');
  return joinGroupExternal(groupInfo, publicPackage, privatePackage, false, suite);
}

describe('external_pub (RFC 9420 §12.4.3.2)', () => {
  test('[ML61] is written as opaque<V> inside the extension', async () => {
    const ada = await foundGroup();
    const written = Uint8Array.of(32, ...(await externalKeyOf(ada)));
    for (const create of [createGroupInfoWithExternalPub, createGroupInfoWithExternalPubAndRatchetTree]) {
      const { extensions } = await create(ada, [], suite);
      expect(extensions).toContainEqual({ extensionType: 'external_pub', extensionData: written });
    }
  });

  test('[ML61] is read as opaque<V>: an external commit reaches the members', async () => {
    const ada = await foundGroup();
    const bob = await joinExternally(await groupInfoWith(ada, Uint8Array.of(32, ...(await externalKeyOf(ada)))));
    const { newState } = await processPublicMessage(ada, bob.publicMessage, emptyPskIndex, suite);
    expect(newState.keySchedule.exporterSecret).toEqual(bob.newState.keySchedule.exporterSecret);
  });

  test.each([
    ['the bare key', (key: Uint8Array) => key],
    ['bytes after the key', (key: Uint8Array) => Uint8Array.of(32, ...key, 0)],
  ])('[ML61] refuses %s', async (_, spoil) => {
    const ada = await foundGroup();
    const groupInfo = await groupInfoWith(ada, spoil(await externalKeyOf(ada)));
    await expect(joinExternally(groupInfo)).rejects.toThrow();
  });
});

/** Ada, Bob, Cem and Dan on leaves 0 to 3; Cem has removed Ada and Bob, so that nothing is left of the root's left half. */
async function groupWithBlankRoot() {
  let ada = await foundGroup();
  ada = (await add(ada, 'bob')).added.newState;
  const third = await add(ada, 'cem');
  const fourth = await add(third.added.newState, 'dan');
  const cem = await follow(await third.join(), fourth.added);
  const removal = await commit(cem, [removalOf(0), removalOf(1)]);
  return { cem: removal.newState, dan: await follow(await fourth.join(), removal) };
}

function removalOf(removed: number): Proposal {
  return { proposalType: 'remove', remove: { removed } };
}

describe('commit_secret (RFC 9420 §7.4, §12.4.1)', () => {
  test('[ML62] follows the last path secret where the root stays blank', async () => {
    const { cem, dan } = await groupWithBlankRoot();
    expect(cem.ratchetTree.map((node) => node !== undefined)).toEqual([false, false, false, false, true, true, true]);
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const expected = await deriveSecret(secret, 'path', suite.kdf);
    expect(await getCommitSecret(cem.ratchetTree, toNodeIndex(5), secret, suite.kdf)).toEqual(expected);
    expect(dan.keySchedule.exporterSecret).toEqual(cem.keySchedule.exporterSecret);
    expect(Object.keys(dan.privatePath.privateKeys)).not.toContain('3');
  });

  test('[ML62] is fresh when the committer is alone: whoever was removed can’t follow', async () => {
    const { added, join } = await add(await foundGroup(), 'bob');
    const bob = await join();
    const alone = (await commit(added.newState, [removalOf(1)])).newState;
    const zeroes = new Uint8Array(suite.kdf.size);
    const guess = await initializeEpoch(bob.keySchedule.initSecret, zeroes, alone.groupContext, zeroes, suite.kdf);
    expect(guess.keySchedule.exporterSecret).not.toEqual(alone.keySchedule.exporterSecret);
  });
});

describe('keys of a path (RFC 9420 §7.5, §12.4.3.1)', () => {
  /** Of a committer whose path secrets lead to other keys than its paths show, and who holds those. */
  function crookedSuite(): CiphersuiteImpl {
    const { deriveKeyPair } = suite.hpke;
    return { ...suite, hpke: { ...suite.hpke, deriveKeyPair: (secret) => deriveKeyPair(secret.map((byte) => ~byte)) } };
  }

  test('[ML50] a commit is refused whose path secrets lead to others', async () => {
    const { added, join } = await add(await foundGroup(), 'bob');
    const crooked = await commit(added.newState, [], crookedSuite());
    await expect(follow(await join(), crooked)).rejects.toThrow('does not lead to the public keys');
    const straight = await commit(added.newState, []);
    expect(await follow(await join(), straight)).toMatchObject({ groupContext: straight.newState.groupContext });
  });

  test('[ML50] so is a Welcome', async () => {
    const { publicPackage, privatePackage } = await makeKeyPackage('bob');
    const proposals: Proposal[] = [
      { proposalType: 'add', add: { keyPackage: publicPackage } },
      // Has the commit bring a path.
      { proposalType: 'group_context_extensions', groupContextExtensions: { extensions: [] } },
    ];
    const join = async (by: CiphersuiteImpl) => {
      const { welcome } = await commit(await foundGroup(), proposals, by);
      return joinGroup(welcome!, publicPackage, privatePackage, emptyPskIndex, suite);
    };
    await expect(join(crookedSuite())).rejects.toThrow('does not lead to the public keys');
    expect(Object.keys((await join(suite)).privatePath.privateKeys)).toEqual(['1', '2']);
  });
});

/** `external_senders` with these keys, in the bytes of RFC 9420 §12.1.8.1. */
function externalSenders(...keys: Uint8Array[]) {
  const senders = keys.flatMap((key) => [32, ...key, 0, 1, 1, 65]);
  const length = senders.length < 64 ? [senders.length] : [64, senders.length];
  return { extensionType: 'external_senders' as const, extensionData: Uint8Array.of(...length, ...senders) };
}

describe('external_senders (RFC 9420 §12.1.8.1)', () => {
  test('[ML64] is a vector, and a proposal of its second sender reaches the members', async () => {
    const keys = await Promise.all([0, 1].map(() => suite.signature.keygen()));
    const extension = externalSenders(...keys.map(({ publicKey }) => publicKey));
    const { publicPackage, privatePackage } = await makeKeyPackage('ada');
    const ada = await createGroup(new Uint8Array(32), publicPackage, privatePackage, [extension], suite);
    const groupInfo = await createGroupInfoWithExternalPub(ada, [], suite);
    const { publicKey, signKey } = keys[1]!;
    const proposal: Proposal = { proposalType: 'add', add: { keyPackage: (await makeKeyPackage('bob')).publicPackage } };
    const made = await proposeExternal(groupInfo, proposal, publicKey, signKey, suite);
    if (made.wireformat !== 'mls_public_message') throw new Error('expected a PublicMessage');
    expect(made.publicMessage.content.sender).toEqual({ senderType: 'external', senderIndex: 1 });
    const { newState } = await processPublicMessage(ada, made.publicMessage, emptyPskIndex, suite);
    expect(Object.keys(newState.unappliedProposals)).toHaveLength(1);
  });

  test('[ML64] refuses one sender without the vector around it', async () => {
    const { publicKey } = await suite.signature.keygen();
    const bare = { ...externalSenders(publicKey), extensionData: Uint8Array.of(32, ...publicKey, 0, 1, 1, 65) };
    const { publicPackage, privatePackage } = await makeKeyPackage('ada');
    await expect(createGroup(new Uint8Array(32), publicPackage, privatePackage, [bare], suite)).rejects.toThrow();
  });
});

describe('GroupContextExtensions (RFC 9420 §12.1.7, §12.4)', () => {
  function extensionsOf(...extensions: GroupContextExtensions['extensions']): Proposal {
    return { proposalType: 'group_context_extensions', groupContextExtensions: { extensions } };
  }

  test('[ML65] a commit carries a path, encrypted for the new extensions, and none replace all', async () => {
    const { added, join } = await add(await foundGroup(), 'bob');
    const { publicKey } = await suite.signature.keygen();
    const extension = externalSenders(publicKey);
    const extended = await commit(added.newState, [extensionsOf(extension)]);
    expect(pathOf(extended)?.nodes).toHaveLength(1);
    const bob = await follow(await join(), extended);
    expect(bob.groupContext.extensions).toEqual([extension]);
    const cleared = await commit(bob, [extensionsOf()]);
    const ada = await follow(extended.newState, cleared);
    expect(ada.groupContext.extensions).toEqual([]);
    expect(ada.keySchedule.exporterSecret).toEqual(cleared.newState.keySchedule.exporterSecret);
  });

  test('[ML65] other commits leave the extensions as they are', async () => {
    const { added } = await add(await foundGroup(), 'bob');
    const extended = await commit(added.newState, [extensionsOf(externalSenders(new Uint8Array(32)))]);
    const rotated = await commit(extended.newState, []);
    expect(rotated.newState.groupContext.extensions).toEqual(extended.newState.groupContext.extensions);
  });
});

function pathOf({ commit: message }: CreateCommitResult) {
  if (message.wireformat !== 'mls_public_message') throw new Error('expected a PublicMessage');
  const { content } = message.publicMessage;
  return content.contentType === 'commit' ? content.commit.path : undefined;
}

describe('vectors', () => {
  test.each([
    ['two bytes for less than 64', [0x40, 1, 9]],
    ['four bytes for less than 64', [0x80, 0, 0, 1, 9]],
    ['four bytes for less than 16,384', [0x80, 0, 0x3f, 0xff, ...new Uint8Array(0x3fff)]],
  ])('[ML66] a length in %s is refused', (_, bytes) => {
    expect(() => decodeVarLenData(Uint8Array.from(bytes), 0)).toThrow('longer than needed');
  });

  test('[ML67] a list of 50,000 leaves is written and read', () => {
    const unmergedLeaves = Array.from({ length: 50_000 }, (_, index) => index);
    const parent = { hpkePublicKey: new Uint8Array(32), parentHash: new Uint8Array(), unmergedLeaves };
    expect(decodeParentNode(encodeParentNode(parent), 0)?.[0]).toEqual(parent);
  });
});

describe('capabilities (RFC 9420 §7.2, §13.5)', () => {
  test('[ML68] may list versions that are not known, which come out as they came in', async () => {
    const capabilities = { ...CAPABILITIES, versions: ['mls10' as const, '2570' as never] };
    const credential = { credentialType: 'basic' as const, identity: Uint8Array.of(1) };
    const { publicPackage } = await generateKeyPackage(credential, capabilities, LIFETIME, [], suite);
    const encoded = encodeKeyPackage(publicPackage);
    const decoded = decodeKeyPackage(encoded, 0)?.[0];
    expect(decoded?.leafNode.capabilities.versions).toEqual(['mls10', '2570']);
    expect(encodeKeyPackage(decoded!)).toEqual(encoded);
  });
});

describe('a member who is removed', () => {
  test('[ML69] learns of it where the same commit gives its place to another', async () => {
    const { added, join } = await add(await foundGroup(), 'bob');
    const { publicPackage: keyPackage } = await makeKeyPackage('cem');
    const exchanged = await commit(added.newState, [removalOf(1), { proposalType: 'add', add: { keyPackage } }]);
    const bob = await follow(await join(), exchanged);
    expect(bob.groupActiveState).toEqual({ kind: 'removedFromGroup' });
  });

  test('[ML69] learns of it where it was by its own resync from elsewhere', async () => {
    const ada = await foundGroup();
    const { publicPackage, privatePackage } = await makeKeyPackage('bob');
    const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(ada, [], suite);
    const first = await joinGroupExternal(groupInfo, publicPackage, privatePackage, false, suite);
    const renewed = await createGroupInfoWithExternalPubAndRatchetTree(first.newState, [], suite);
    const again = await joinGroupExternal(renewed, publicPackage, privatePackage, true, suite);
    const { newState } = await processPublicMessage(first.newState, again.publicMessage, emptyPskIndex, suite);
    expect(newState.groupActiveState).toEqual({ kind: 'removedFromGroup' });
  });
});

describe('a commit with two Adds that are refused', () => {
  test('[ML63] is one rejection, and none that nobody sees', async () => {
    const { added, join } = await add(await foundGroup(), 'bob');
    const keyPackages = await Promise.all(['cem', 'dan'].map(makeKeyPackage));
    const proposals = keyPackages.map(({ publicPackage: keyPackage }): Proposal => ({ proposalType: 'add', add: { keyPackage } }));
    const twice = await commit(await join(), proposals);
    const suspicious = { ...defaultClientConfig, authService: { validateCredential: async () => false } };
    const unseen: unknown[] = [];
    const record = (reason: unknown) => unseen.push(reason);
    process.on('unhandledRejection', record);
    await expect(follow({ ...added.newState, clientConfig: suspicious }, twice)).rejects.toThrow('validate credential');
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', record);
    expect(unseen).toEqual([]);
  });
});
