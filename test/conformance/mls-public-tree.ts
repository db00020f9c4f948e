import type { CiphersuiteId } from 'ts-mls/crypto/ciphersuite.js';
import { makeNobleSignatureImpl } from 'ts-mls/crypto/implementation/default/makeNobleSignatureImpl.js';
import { getCiphersuiteFromId } from 'ts-mls/crypto/ciphersuite.js';
import { decodeProposal } from 'ts-mls/proposal.js';
import { decodeUpdatePath } from 'ts-mls/updatePath.js';
import { equalBytes, toHex } from '../../core/index.ts';
import { encodePublicTree, leafAt, treeHashOf, unboundMembers } from '../../core/mls/index.ts';
import { mergePath } from '../../core/mls/public-group/merge-path.ts';
import { TreeDraft, type PublicTree } from '../../core/mls/public-group/public-tree.ts';
import { readTree, type ReadTree } from '../../core/mls/public-group/read-tree.ts';
import { makeLeaf } from '../../core/mls/public-group/tree-node.ts';
import { publicSuiteOf } from './mls-suites.ts';
import { bytesOf } from './vector-bytes.ts';

export interface TreeVector {
  readonly cipher_suite: CiphersuiteId;
  readonly tree: string;
  readonly group_id: string;
  readonly tree_hashes: readonly string[];
  readonly resolutions: readonly (readonly number[])[];
}

/** The relay's own tree: hashes and resolutions of all nodes, leaf signatures, and the tree written as it was read. */
export async function publicTreeFaults(vector: TreeVector): Promise<string[]> {
  const { cipher_suite: suite, tree: encoded } = vector;
  const { tree, signatures } = treeOf(suite, bytesOf(encoded), bytesOf(vector.group_id));
  const draft = draftOf(suite, tree);
  const { verify } = await makeNobleSignatureImpl(getCiphersuiteFromId(suite).signature);
  const verdicts = await Promise.all(signatures.map((job) => verify(job.key, job.message, job.signature)));
  return [
    ...tree.hashes.flatMap((hash, node) => (toHex(hash) === vector.tree_hashes[node] ? [] : [`public hash ${node}`])),
    ...vector.resolutions.flatMap((resolution, node) =>
      draft.resolutionOf(node).join() === resolution.join() ? [] : [`public resolution ${node}`],
    ),
    ...(toHex(encodePublicTree(tree)) === encoded ? [] : ['the public tree is not written as it was read']),
    ...(verdicts.every(Boolean) ? [] : ['a leaf signature fails']),
  ];
}

export interface TreeOperationVector {
  readonly cipher_suite: CiphersuiteId;
  readonly proposal: string;
  readonly proposal_sender: number;
  readonly tree_before: string;
  readonly tree_after: string;
  readonly tree_hash_before: string;
  readonly tree_hash_after: string;
}

export function treeOperationFaults(vector: TreeOperationVector): string[] {
  const { cipher_suite: suite } = vector;
  const { tree: before } = treeOf(suite, bytesOf(vector.tree_before));
  const draft = draftOf(suite, before);
  apply(draft, vector);
  const after = draft.finish();
  return [
    ...(toHex(treeHashOf(before)) === vector.tree_hash_before ? [] : ['hash before']),
    ...(toHex(treeHashOf(after)) === vector.tree_hash_after ? [] : ['hash after']),
    ...(toHex(encodePublicTree(after)) === vector.tree_after ? [] : ['tree after']),
  ];
}

function apply(draft: TreeDraft, vector: TreeOperationVector): void {
  const proposal = decodeProposal(bytesOf(vector.proposal), 0)?.[0];
  switch (proposal?.proposalType) {
    case 'add':
      draft.addLeaf(makeLeaf(proposal.add.keyPackage.leafNode, new Uint8Array()));
      return;
    case 'update':
      draft.replaceLeaf(vector.proposal_sender, makeLeaf(proposal.update.leafNode, new Uint8Array()));
      return;
    case 'remove':
      draft.removeLeaf(proposal.remove.removed);
      return;
    default:
      throw new Error('a proposal that changes no tree');
  }
}

export interface TreeKemVector {
  readonly cipher_suite: CiphersuiteId;
  readonly group_id: string;
  readonly ratchet_tree: string;
  readonly update_paths: readonly {
    readonly sender: number;
    readonly update_path: string;
    readonly tree_hash_after: string;
  }[];
}

/** The half without secrets: each path fits the tree by length, readers and parent hashes, and gives the tree hash. */
export function treeKemFaults(vector: TreeKemVector): string[] {
  const { cipher_suite: suite } = vector;
  const { tree } = treeOf(suite, bytesOf(vector.ratchet_tree), bytesOf(vector.group_id));
  return vector.update_paths.flatMap(({ sender, update_path: encoded, tree_hash_after: expected }) => {
    const path = decodeUpdatePath(bytesOf(encoded), 0)?.[0];
    const before = leafAt(tree, sender);
    if (path === undefined || before === undefined) return [`no path of ${sender}`];
    const draft = draftOf(suite, tree);
    const leaf = makeLeaf(path.leafNode, before.client);
    const placed = { leafIndex: sender, leaf, nodes: path.nodes, joiners: [] };
    const merged = mergePath(draft, placed, publicSuiteOf(suite).hash);
    if (!merged.ok) return [`path of ${sender}: ${merged.error.code}`];
    return equalBytes(treeHashOf(draft.finish()), bytesOf(expected)) ? [] : [`hash after the path of ${sender}`];
  });
}

function treeOf(suite: CiphersuiteId, encoded: Uint8Array, groupId: Uint8Array = new Uint8Array()): ReadTree {
  const read = readTree(encoded, unboundMembers(publicSuiteOf(suite)), groupId);
  if (!read.ok) throw new Error(`a vector holds a tree that is ${read.error.code}`);
  return read.value;
}

function draftOf(suite: CiphersuiteId, { nodes, hashes }: PublicTree): TreeDraft {
  return new TreeDraft(nodes, hashes, publicSuiteOf(suite).hash);
}
