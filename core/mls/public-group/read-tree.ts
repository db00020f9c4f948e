import type { RatchetTree } from 'ts-mls';
import { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { equalBytes } from '../../bytes/index.ts';
import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import { MAX_GROUP_LEAVES } from '../limits.ts';
import { decodeWhole } from '../message.ts';
import { refuse, type MlsLeafCode, type MlsMessageCode, type MlsRefusal, type MlsTreeCode } from '../refusal.ts';
import type { MemberRules } from './member-rules.ts';
import { TreeDraft, type PublicTree } from './public-tree.ts';
import { hashParentInput } from './tree-hash.ts';
import { childrenOf, directPath, isBelow, isLeafPlace } from './tree-math.ts';
import { makeLeaf, makeParent, signatureOf, type PublicNode, type PublicParent } from './tree-node.ts';

type TreeRefusal = MlsRefusal<MlsMessageCode | MlsLeafCode | MlsTreeCode>;

export interface ReadTree {
  readonly tree: PublicTree;
  /** Of every leaf, by the suite's scheme. */
  readonly signatures: readonly VerifyJob[];
  /** Of every leaf's credential, Ed25519. */
  readonly bindings: readonly VerifyJob[];
}

/**
 * Reads a ratchet tree and checks all that a joiner would that concerns one node or its place: structure, unmerged leaves,
 * parent hashes (RFC 9420 §12.4.3.1, §7.9.2). What concerns the group as a whole is left to `checkMembers`.
 */
export function readTree(bytes: Uint8Array, rules: MemberRules, groupId: Uint8Array): Result<ReadTree, TreeRefusal> {
  const decoded = decodeWhole(bytes, decodeRatchetTree, encodeRatchetTree);
  if (!decoded.ok) return decoded;
  if (decoded.value.length > 2 * MAX_GROUP_LEAVES - 1) return refuse('tree-full');
  const nodes = readNodes(decoded.value, rules, groupId);
  if (!nodes.ok) return nodes;
  const draft = new TreeDraft(nodes.value.nodes, [], rules.suite.hash);
  const tree = draft.finish();
  if (!parentsOf(tree).every(([index, parent]) => hasSoundUnmergedLeaves(tree, index, parent))) {
    return refuse('tree-unmerged');
  }
  const isLinked = parentsOf(tree).every(([index, parent]) => isParentHashCarried(draft, index, parent, rules));
  if (!isLinked) return refuse('tree-parent-hash');
  const { signatures, bindings } = nodes.value;
  return ok({ tree, signatures, bindings });
}

interface ReadNodes {
  readonly nodes: readonly (PublicNode | undefined)[];
  readonly signatures: readonly VerifyJob[];
  readonly bindings: readonly VerifyJob[];
}

function readNodes(
  tree: RatchetTree,
  rules: MemberRules,
  groupId: Uint8Array,
): Result<ReadNodes, MlsRefusal<MlsLeafCode | MlsTreeCode>> {
  const nodes: (PublicNode | undefined)[] = [];
  const signatures: VerifyJob[] = [];
  const bindings: VerifyJob[] = [];
  for (const [index, node] of tree.entries()) {
    if (node !== undefined && (node.nodeType === 'leaf') !== isLeafPlace(index)) return refuse('tree-structure');
    if (node?.nodeType === 'leaf') {
      const facts = rules.readLeaf(node.leaf);
      if (!facts.ok) return facts;
      const leaf = makeLeaf(node.leaf, facts.value.client);
      nodes.push(leaf);
      signatures.push(signatureOf(leaf, groupId, index / 2));
      bindings.push(...facts.value.bindings);
    } else {
      nodes.push(node && makeParent({ ...node.parent, publicKey: node.parent.hpkePublicKey }));
    }
  }
  return ok({ nodes, signatures, bindings });
}

function parentsOf({ nodes }: PublicTree): (readonly [index: number, PublicParent])[] {
  return nodes.flatMap((node, index) => (node?.kind === 'parent' ? [[index, node] as const] : []));
}

/** Ascending, each a member below, and listed by every populated node in between. */
function hasSoundUnmergedLeaves({ nodes }: PublicTree, index: number, { unmergedLeaves }: PublicParent): boolean {
  return unmergedLeaves.every((leafIndex, position) => {
    const before = unmergedLeaves[position - 1];
    if (before !== undefined && before >= leafIndex) return false;
    if (!isBelow(leafIndex, index) || nodes[leafIndex * 2] === undefined) return false;
    const path = directPath(leafIndex, nodes.length);
    return path.slice(0, path.indexOf(index)).every((between) => {
      const node = nodes[between];
      return node?.kind !== 'parent' || node.unmergedLeaves.includes(leafIndex);
    });
  });
}

/**
 * Whether the last commit that set this parent can be told from a node below: one that carries the parent's hash, and
 * that everyone else on its side joined later (RFC 9420 §7.9.2). Otherwise somebody may have put in a key of their own.
 */
function isParentHashCarried(draft: TreeDraft, index: number, parent: PublicParent, { suite }: MemberRules): boolean {
  const [left, right] = childrenOf(index);
  return [[left, right] as const, [right, left] as const].some(([child, sibling]) => {
    const resolution = draft.resolutionOf(child);
    const later = parent.unmergedLeaves.filter((leafIndex) => isBelow(leafIndex, child)).map((leaf) => leaf * 2);
    const [carrier, ...others] = resolution.filter((node) => !later.includes(node));
    if (carrier === undefined || others.length > 0 || later.length + 1 !== resolution.length) return false;
    const carried = carriedParentHash(draft.nodes[carrier]);
    if (carried === undefined) return false;
    return equalBytes(carried, hashParentInput(suite.hash, parent, draft.hashWithout(sibling, parent.unmergedLeaves)));
  });
}

function carriedParentHash(node: PublicNode | undefined): Uint8Array | undefined {
  if (node?.kind === 'parent') return node.parentHash;
  return node?.node.leafNodeSource === 'commit' ? node.node.parentHash : undefined;
}
