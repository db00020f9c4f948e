import type { UpdatePath } from 'ts-mls';
import { equalBytes, toBase64 } from '../../bytes/index.ts';
import { ok, type Result } from '../../result.ts';
import { refuse, type MlsPathCode, type MlsRefusal } from '../refusal.ts';
import type { TreeDraft } from './public-tree.ts';
import type { SuiteHash } from '../suite.ts';
import { hashParentInput } from './tree-hash.ts';
import { copathChild, directPath, nodeOfLeaf } from './tree-math.ts';
import { makeParent, type PublicLeaf } from './tree-node.ts';

/** An update path, and where it goes. */
export interface PlacedPath {
  readonly leafIndex: number;
  readonly leaf: PublicLeaf;
  readonly nodes: UpdatePath['nodes'];
  /** Leaves that the same commit adds: they get their secret in the Welcome. */
  readonly joiners: readonly number[];
}

/**
 * Merges an update path into a tree to which the commit's proposals were applied (RFC 9420 §7.5). That the keys lead to
 * secrets that the ciphertexts hold is for members to find out.
 */
export function mergePath(
  draft: TreeDraft,
  path: PlacedPath,
  hash: SuiteHash,
): Result<undefined, MlsRefusal<MlsPathCode>> {
  const { leafIndex, leaf, nodes, joiners } = path;
  const places = filteredPath(draft, leafIndex);
  if (places.length !== nodes.length) return refuse('path-length');
  const excluded = new Set(joiners.map(nodeOfLeaf));
  const isReadable = places.every(({ resolution }, level) => {
    const readers = resolution.filter((node) => !excluded.has(node));
    return nodes[level]?.encryptedPathSecret.length === readers.length;
  });
  if (!isReadable) return refuse('path-ciphertexts');
  if (!areFresh(draft, path)) return refuse('path-key');
  draft.blankPath(leafIndex);
  draft.setLeaf(leafIndex, leaf);
  const parentHash = setParents(draft, path, places, hash);
  const carried = leaf.node.leafNodeSource === 'commit' ? leaf.node.parentHash : undefined;
  return carried !== undefined && equalBytes(carried, parentHash) ? ok(undefined) : refuse('path-parent-hash');
}

interface PathPlace {
  readonly node: number;
  readonly copath: number;
  /** Never empty: a node with nobody on its other side is left out of the path. */
  readonly resolution: readonly number[];
}

function filteredPath(draft: TreeDraft, leafIndex: number): PathPlace[] {
  return directPath(leafIndex, draft.nodes.length)
    .map((node) => {
      const copath = copathChild(node, leafIndex);
      return { node, copath, resolution: draft.resolutionOf(copath) };
    })
    .filter(({ resolution }) => resolution.length > 0);
}

/** New, in the tree and among each other (RFC 9420 §12.4.2): a key from before the commit would still open what follows. */
function areFresh({ nodes: tree }: TreeDraft, { leaf, nodes }: PlacedPath): boolean {
  const known = new Set(tree.map((node) => node?.encryptionKey));
  const { length } = leaf.node.hpkePublicKey;
  const keys = [leaf.encryptionKey, ...nodes.map(({ hpkePublicKey }) => toBase64(hpkePublicKey))];
  return (
    new Set(keys).size === keys.length &&
    !keys.some((key) => known.has(key)) &&
    nodes.every(({ hpkePublicKey }) => hpkePublicKey.length === length)
  );
}

/** From the root down, since each node carries the hash of the one above. Gives the hash for the leaf to carry. */
function setParents(
  draft: TreeDraft,
  { leafIndex, nodes }: PlacedPath,
  places: readonly PathPlace[],
  hash: SuiteHash,
): Uint8Array {
  let parentHash: Uint8Array = new Uint8Array();
  for (let level = places.length - 1; level >= 0; level--) {
    const { node, copath } = places[level] as PathPlace;
    const publicKey = (nodes[level] as UpdatePath['nodes'][number]).hpkePublicKey;
    draft.setParent(node, makeParent({ publicKey, parentHash, unmergedLeaves: [] }), leafIndex);
    // Nobody is unmerged at a fresh node, so its copath child is hashed as it is.
    parentHash = hashParentInput(hash, { publicKey, parentHash }, draft.hashOf(copath));
  }
  return parentHash;
}
