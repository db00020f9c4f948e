import type { ProposalOrRef } from 'ts-mls';
import { signLeafNodeCommit } from 'ts-mls/leafNode.js';
import { decodeMlsMessage } from 'ts-mls/message.js';
import type { UpdatePath } from 'ts-mls/updatePath.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { applyCommit } from '../../../../core/mls/index.ts';
import { loadDefaultSuite } from '../../../../sdk/mls/suite.ts';
import { codeOf, makePerson, NOW_MS, valueOf, type Person } from '../../../sdk/mls/people.ts';
import { isGenuine } from '../genuine.ts';
import { additionOf, byValue, commitBy, draw, forgeCommit, makeCrew, commitInCrew, type Crew } from './crew.ts';

/** Five members, the last path by Ada, so that some parents are populated and some are not. */
let crew: Crew;
let fay: Person;
let path: UpdatePath;
beforeAll(async () => {
  vi.setSystemTime(NOW_MS);
  crew = await commitInCrew(await makeCrew(5), 0, {});
  fay = await makePerson(6);
  path = await genuinePath();
});
afterAll(() => vi.useRealTimers());

function bob() {
  return crew.members[1]!.client;
}

async function genuinePath(): Promise<UpdatePath> {
  const decoded = decodeMlsMessage((await commitBy(bob())).bundle.commit, 0)?.[0];
  const content = decoded?.wireformat === 'mls_public_message' && decoded.publicMessage.content;
  if (!content || content.contentType !== 'commit' || content.commit.path === undefined) throw new Error('no path');
  return content.commit.path;
}

async function verdict(alter: Partial<UpdatePath>, proposals: ProposalOrRef[] = []): Promise<string> {
  return codeOf(applyCommit(crew.group, await forgeCommit(bob(), proposals, { path: { ...path, ...alter } })));
}

/** Bob's path leaf, altered and signed again. */
async function leafWith(alter: Partial<UpdatePath['leafNode']>): Promise<UpdatePath['leafNode']> {
  const tbs = { ...path.leafNode, ...alter, groupId: bob().groupContext.groupId, leafIndex: 1 };
  return signLeafNodeCommit(tbs, bob().signaturePrivateKey, (await loadDefaultSuite()).signature);
}

test('[ML73] a path that fits is followed', async () => {
  expect(await verdict({})).toBe('accepted');
});

test('[ML73] a path of another length than the filtered direct path is refused', async () => {
  expect(path.nodes).toHaveLength(3);
  expect(await verdict({ nodes: path.nodes.slice(1) })).toBe('path-length');
  expect(await verdict({ nodes: [...path.nodes, path.nodes[0]!] })).toBe('path-length');
  expect(await verdict({ nodes: [] })).toBe('path-length');
});

test('[ML73] a node with a ciphertext too few or too many for those who have to read it is refused', async () => {
  const [first, ...rest] = path.nodes;
  const doubled = [...first!.encryptedPathSecret, ...first!.encryptedPathSecret];
  expect(await verdict({ nodes: [{ ...first!, encryptedPathSecret: doubled }, ...rest] })).toBe('path-ciphertexts');
  expect(await verdict({ nodes: [{ ...first!, encryptedPathSecret: [] }, ...rest] })).toBe('path-ciphertexts');
});

test('[ML73] those whom the same commit adds get no ciphertext, and count for the parent hash', async () => {
  const { keyPackage } = await draw(fay);
  // Fay comes in beside leaf 4: the path for the tree without her has the same readers as one with her, and another hash.
  expect(await verdict({}, [byValue(additionOf(keyPackage))])).toBe('path-parent-hash');
});

test('[ML73] a key that is in the tree, comes twice, or has another length is refused', async () => {
  const [first, second, ...rest] = path.nodes;
  const inTree = bob().ratchetTree.flatMap((node) => (node?.nodeType === 'parent' ? [node.parent.hpkePublicKey] : []));
  for (const hpkePublicKey of [...inTree, path.leafNode.hpkePublicKey, second!.hpkePublicKey, new Uint8Array(31)]) {
    expect(await verdict({ nodes: [{ ...first!, hpkePublicKey }, second!, ...rest] })).toBe('path-key');
  }
  const own = bob().ratchetTree[2];
  const hpkePublicKey = own?.nodeType === 'leaf' ? own.leaf.hpkePublicKey : new Uint8Array();
  expect(await verdict({ leafNode: await leafWith({ hpkePublicKey }) })).toBe('path-key');
});

test('[ML73] a leaf without the parent hash that the path leads to is refused', async () => {
  expect(await verdict({ leafNode: await leafWith({ parentHash: new Uint8Array(32) }) })).toBe('path-parent-hash');
  const [first, ...rest] = path.nodes;
  const hpkePublicKey = new Uint8Array(32).fill(9);
  expect(await verdict({ nodes: [{ ...first!, hpkePublicKey }, ...rest] })).toBe('path-parent-hash');
});

test('[ML73] a leaf that becomes another client’s is refused', async () => {
  const credential = { credentialType: 'basic' as const, identity: fay.identity.credentialIdentity };
  expect(await verdict({ leafNode: await leafWith({ credential }) })).toBe('commit-credential');
});

test('[ML73] a leaf that is signed for another place has a signature that fails', async () => {
  const tbs = { ...path.leafNode, groupId: bob().groupContext.groupId, leafIndex: 2 };
  const leafNode = await signLeafNodeCommit(tbs, bob().signaturePrivateKey, (await loadDefaultSuite()).signature);
  const commit = await forgeCommit(bob(), [], { path: { ...path, leafNode } });
  expect(isGenuine(valueOf(applyCommit(crew.group, commit)).signatures)).toBe(false);
});
