import { decodeLeafNode } from 'ts-mls/leafNode.js';
import { decodeParentNode } from 'ts-mls/parentNode.js';
import { equalBytes, toBase64 } from '../../bytes/index.ts';
import { decode } from '../../codec/index.ts';
import { ok, type Result } from '../../result.ts';
import { MAX_GROUP_INFO_BYTES, MAX_GROUP_LEAVES } from '../limits.ts';
import { openMlsMessage } from '../message.ts';
import { refuse, type MlsGroupInfoCode, type MlsMessageCode, type MlsRefusal } from '../refusal.ts';
import { NODE_TYPE, treeCodec } from './encode-tree.ts';
import { treeExtensionOf } from './group-info-extensions.ts';
import type { MemberRules } from './member-rules.ts';
import { beginEpoch, type PublicGroup } from './public-group.ts';
import { TreeDraft, treeHashOf } from './public-tree.ts';
import type { PublicNode } from './tree-node.ts';

type RestoreRefusal = MlsRefusal<MlsMessageCode | MlsGroupInfoCode>;

/**
 * Takes a group up again from a GroupInfo that was verified when it came, and that the caller knows by its hash. The tree is the
 * one that it names if it has the tree hash, and nothing else of it is checked: signatures, keys and parent hashes were, with
 * each leaf as it came, before the relay stored what has that hash. A tree of a thousand members is so read in a fraction of the
 * time of `bootstrapGroup`, which is for trees that anyone may have made.
 */
export function restoreGroup(
  groupInfoMessage: Uint8Array,
  treeOf: (treeHash: Uint8Array) => Uint8Array | undefined,
  rules: MemberRules,
): Result<PublicGroup, RestoreRefusal> {
  const message = openMlsMessage(groupInfoMessage, 'mls_group_info', MAX_GROUP_INFO_BYTES);
  if (!message.ok) return message;
  const { groupInfo } = message.value;
  const { groupContext: context, confirmationTag } = groupInfo;
  if (context.cipherSuite !== rules.suite.name) return refuse('mls-suite');
  const encodedTree = treeExtensionOf(groupInfo) ?? treeOf(context.treeHash);
  if (encodedTree === undefined) return refuse('group-info-tree-missing');
  const nodes = readNodes(encodedTree, rules);
  if (nodes === undefined) return refuse('mls-malformed');
  const tree = new TreeDraft(nodes, [], rules.suite.hash).finish();
  if (!equalBytes(treeHashOf(tree), context.treeHash)) return refuse('group-info-tree-hash');
  return ok(beginEpoch({ rules, tree, context, confirmationTag, isSuspended: false }));
}

/** ts-mls throws for some bytes and gives nothing for others. */
function readNodes(encodedTree: Uint8Array, rules: MemberRules): Nodes | undefined {
  try {
    return decodeNodes(encodedTree, rules);
  } catch {
    return undefined;
  }
}

type Nodes = readonly (PublicNode | undefined)[];

/** Nodes as views of one copy of the tree, each decoded once. */
function decodeNodes(encodedTree: Uint8Array, rules: MemberRules): Nodes | undefined {
  const content = decode(treeCodec, encodedTree.slice());
  if (!content.ok) return undefined;
  const bytes = content.value;
  const nodes: (PublicNode | undefined)[] = [];
  for (let offset = 0; offset < bytes.length;) {
    if (nodes.length >= 2 * MAX_GROUP_LEAVES - 1) return undefined;
    const read = readOptional(bytes, offset, rules);
    if (read === undefined) return undefined;
    nodes.push(read.node);
    offset += read.length;
  }
  while (((nodes.length + 1) & nodes.length) !== 0) nodes.push(undefined);
  return nodes;
}

interface ReadNode {
  readonly node: PublicNode | undefined;
  /** Of all that stands for it. */
  readonly length: number;
}

const BLANK: ReadNode = { node: undefined, length: 1 };

function readOptional(bytes: Uint8Array, offset: number, rules: MemberRules): ReadNode | undefined {
  if (bytes[offset] === 0) return BLANK;
  return bytes[offset] === 1 ? readNode(bytes, offset + 1, rules) : undefined;
}

function readNode(bytes: Uint8Array, offset: number, rules: MemberRules): ReadNode | undefined {
  const start = offset + 1;
  switch (bytes[offset]) {
    case NODE_TYPE.leaf: {
      const decoded = decodeLeafNode(bytes, start);
      const client = decoded && rules.clientOf(decoded[0]);
      if (decoded === undefined || client === undefined) return undefined;
      const [node, length] = decoded;
      const encoded = bytes.subarray(start, start + length);
      const [encryptionKey, signatureKey] = [toBase64(node.hpkePublicKey), toBase64(node.signaturePublicKey)];
      return { node: { kind: 'leaf', node, encoded, encryptionKey, signatureKey, client }, length: 2 + length };
    }
    case NODE_TYPE.parent: {
      const decoded = decodeParentNode(bytes, start);
      if (decoded === undefined) return undefined;
      const [{ hpkePublicKey: publicKey, parentHash, unmergedLeaves }, length] = decoded;
      const encoded = bytes.subarray(start, start + length);
      const encryptionKey = toBase64(publicKey);
      const node = { kind: 'parent', encoded, publicKey, encryptionKey, parentHash, unmergedLeaves } as const;
      return { node, length: 2 + length };
    }
    default:
      return undefined;
  }
}
