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
  type CiphersuiteImpl,
  type ClientState,
  type CreateCommitResult,
  type GroupInfo,
  type Proposal,
} from 'ts-mls';
import { defaultClientConfig } from 'ts-mls/clientConfig.js';
import { validateRatchetTree } from 'ts-mls/clientState.js';
import { deriveSecret } from 'ts-mls/crypto/kdf.js';
import { signGroupInfo } from 'ts-mls/groupInfo.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
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

function commit(state: ClientState, extraProposals: Proposal[]) {
  const options = { wireAsPublicMessage: true, ratchetTreeExtension: true, extraProposals };
  return createCommit({ state, cipherSuite: suite }, options);
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
