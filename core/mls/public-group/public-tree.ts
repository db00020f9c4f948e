import type { SuiteHash } from '../suite.ts';
import { hashLeafNode, hashParentNode } from './tree-hash.ts';
import { childrenOf, directPath, isBelow, isLeafPlace, nodeOfLeaf, rootOf } from './tree-math.ts';
import { makeParent, type PublicLeaf, type PublicNode } from './tree-node.ts';

/** A ratchet tree without its secrets (RFC 9420 §4.1), with the hash of every subtree. */
export interface PublicTree {
  /** 2^(d+1) - 1 places; a blank one is undefined. */
  readonly nodes: readonly (PublicNode | undefined)[];
  /** By node: the tree hash of the subtree below it. */
  readonly hashes: readonly Uint8Array[];
}

export function treeHashOf({ hashes }: PublicTree): Uint8Array {
  return hashes[rootOf(hashes.length)] as Uint8Array;
}

export function leafAt({ nodes }: Pick<PublicTree, 'nodes'>, leafIndex: number): PublicLeaf | undefined {
  const node = nodes[nodeOfLeaf(leafIndex)];
  return node?.kind === 'leaf' ? node : undefined;
}

/** Members in order of their index. */
export function* leavesOf({ nodes }: Pick<PublicTree, 'nodes'>): Generator<readonly [leafIndex: number, PublicLeaf]> {
  for (let index = 0; index < nodes.length; index += 2) {
    const node = nodes[index];
    if (node?.kind === 'leaf') yield [index / 2, node];
  }
}

/**
 * A tree under change. It starts as a copy of pointers; hashes of what doesn't change are kept, so that a commit hashes the
 * paths of the leaves that it touches and no more.
 */
export class TreeDraft {
  readonly #hash: SuiteHash;
  #nodes: (PublicNode | undefined)[];
  #hashes: (Uint8Array | undefined)[];

  constructor(nodes: readonly (PublicNode | undefined)[], hashes: readonly Uint8Array[], hash: SuiteHash) {
    this.#nodes = nodes.slice();
    this.#hashes = hashes.slice();
    this.#hash = hash;
  }

  get nodes(): readonly (PublicNode | undefined)[] {
    return this.#nodes;
  }

  /** An Update: the leaf is new and the keys above it are gone (RFC 9420 §12.1.2). */
  replaceLeaf(leafIndex: number, leaf: PublicLeaf): void {
    this.blankPath(leafIndex);
    this.setLeaf(leafIndex, leaf);
  }

  /** A Remove: blank up to the root, and the tree halved while its right half is empty (RFC 9420 §12.1.3, §7.7). */
  removeLeaf(leafIndex: number): void {
    this.blankPath(leafIndex);
    this.setLeaf(leafIndex, undefined);
    let size = this.#nodes.length;
    while (size > 1 && this.#isBlankFrom((size - 1) / 2, size)) size = (size - 1) / 2;
    this.#nodes.length = size;
    this.#hashes.length = size;
  }

  /** An Add: the leftmost blank leaf, or else a tree of twice the size; unmerged above (RFC 9420 §12.1.1). */
  addLeaf(leaf: PublicLeaf): number {
    const leafIndex = this.makeRoom();
    for (const index of directPath(leafIndex, this.#nodes.length)) {
      const node = this.#nodes[index];
      if (node?.kind !== 'parent') continue;
      this.#nodes[index] = makeParent({ ...node, unmergedLeaves: [...node.unmergedLeaves, leafIndex] });
    }
    this.setLeaf(leafIndex, leaf);
    return leafIndex;
  }

  /** The place of the next leaf to come. */
  makeRoom(): number {
    const size = this.#nodes.length;
    let index = 0;
    while (index < size && this.#nodes[index] !== undefined) index += 2;
    if (index >= size) this.#nodes.push(...Array.from({ length: size + 1 }, () => undefined));
    return index / 2;
  }

  setLeaf(leafIndex: number, leaf: PublicLeaf | undefined): void {
    this.#nodes[nodeOfLeaf(leafIndex)] = leaf;
    this.#touch(leafIndex);
  }

  /** A parent above the leaf, whose path is hashed anew. */
  setParent(index: number, parent: PublicNode, leafIndex: number): void {
    this.#nodes[index] = parent;
    this.#touch(leafIndex);
  }

  blankPath(leafIndex: number): void {
    for (const index of directPath(leafIndex, this.#nodes.length)) this.#nodes[index] = undefined;
    this.#touch(leafIndex);
  }

  /** The nodes that stand for everyone below: itself with its unmerged leaves, or its children's (RFC 9420 §4.1.1). */
  resolutionOf(index: number): readonly number[] {
    const node = this.#nodes[index];
    if (node?.kind === 'leaf') return [index];
    if (node?.kind === 'parent') return [index, ...node.unmergedLeaves.map(nodeOfLeaf)];
    return isLeafPlace(index) ? [] : childrenOf(index).flatMap((child) => this.resolutionOf(child));
  }

  hashOf(index: number): Uint8Array {
    return (this.#hashes[index] ??= this.#computeHash(index, (child) => this.hashOf(child), NOBODY));
  }

  /**
   * The hash of a subtree as it was before these leaves came, blank and listed nowhere (RFC 9420 §7.9). Subtrees without
   * any of them keep their hash.
   */
  hashWithout(index: number, absent: readonly number[]): Uint8Array {
    const below = absent.filter((leafIndex) => isBelow(leafIndex, index));
    if (below.length === 0) return this.hashOf(index);
    return this.#computeHash(index, (child) => this.hashWithout(child, below), below);
  }

  finish(): PublicTree {
    this.hashOf(rootOf(this.#nodes.length));
    return { nodes: this.#nodes, hashes: this.#hashes as Uint8Array[] };
  }

  #computeHash(index: number, hashChild: (child: number) => Uint8Array, absent: readonly number[]): Uint8Array {
    const node = this.#nodes[index];
    if (isLeafPlace(index)) {
      const leafIndex = index / 2;
      return hashLeafNode(this.#hash, leafIndex, absent.includes(leafIndex) ? undefined : node?.encoded);
    }
    const [left, right] = childrenOf(index);
    const isListed = node?.kind === 'parent' && node.unmergedLeaves.some((leaf) => absent.includes(leaf));
    const encoded = isListed
      ? makeParent({ ...node, unmergedLeaves: node.unmergedLeaves.filter((leaf) => !absent.includes(leaf)) }).encoded
      : node?.encoded;
    return hashParentNode(this.#hash, encoded, [hashChild(left), hashChild(right)]);
  }

  #touch(leafIndex: number): void {
    this.#hashes[nodeOfLeaf(leafIndex)] = undefined;
    for (const index of directPath(leafIndex, this.#nodes.length)) this.#hashes[index] = undefined;
  }

  #isBlankFrom(start: number, end: number): boolean {
    for (let index = start; index < end; index++) if (this.#nodes[index] !== undefined) return false;
    return true;
  }
}

const NOBODY: readonly number[] = [];
