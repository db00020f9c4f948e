import type { UpdatePath } from 'ts-mls';
import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import { refuse, type MlsCommitCode, type MlsLeafCode, type MlsProposalListCode, type MlsRefusal } from '../refusal.ts';
import type { OpenedCommit } from './open-commit.ts';
import { checkExternalList, checkMemberList, needsPath, type ProposalList } from './proposal-list.ts';
import type { PublicGroup } from './public-group.ts';
import { leafAt, TreeDraft } from './public-tree.ts';
import type { MemberRules } from './member-rules.ts';
import { makeLeaf, signatureOf, type PublicLeaf } from './tree-node.ts';

/** A commit whose proposals are applied, and whose path is not yet. */
export interface StagedCommit {
  readonly draft: TreeDraft;
  readonly committerIndex: number;
  readonly path: StagedPath | undefined;
  /** Leaves of the added members, in the order of their proposals. */
  readonly joiners: readonly number[];
  /** Whose signature the message bears. */
  readonly signerKey: Uint8Array;
}

interface StagedPath {
  readonly leaf: PublicLeaf;
  readonly nodes: UpdatePath['nodes'];
  readonly signature: VerifyJob;
  readonly bindings: readonly VerifyJob[];
}

export type StageRefusal = MlsRefusal<
  MlsLeafCode | MlsProposalListCode | Extract<MlsCommitCode, 'commit-sender' | 'commit-path' | 'commit-credential'>
>;

/** Applies the proposals of a member's commit: Updates, Removes, Adds (RFC 9420 §12.3). */
export function stageMemberCommit(
  group: PublicGroup,
  { commit }: OpenedCommit,
  list: ProposalList,
  committerIndex: number,
): Result<StagedCommit, StageRefusal> {
  const { tree, rules } = group;
  const before = leafAt(tree, committerIndex);
  if (before === undefined) return refuse('commit-sender');
  const broken = checkMemberList(group, list, committerIndex);
  if (broken !== undefined) return refuse(broken);
  if (commit.path === undefined && needsPath(list)) return refuse('commit-path');
  const path = commit.path && readPath(group, commit.path, committerIndex);
  if (path?.ok === false) return path;
  // Keys change hands by a path, members don't: who is who is decided when a leaf is added.
  if (path !== undefined && !rules.isSuccessor(before, path.value.leaf)) return refuse('commit-credential');
  const draft = draftOf(group);
  for (const { leafIndex, leaf } of list.updates) draft.replaceLeaf(leafIndex, leaf);
  for (const leafIndex of list.removes) draft.removeLeaf(leafIndex);
  const joiners = list.adds.map(({ leaf }) => draft.addLeaf(leaf));
  const signerKey = before.node.signaturePublicKey;
  return ok({ draft, committerIndex, path: path?.value, joiners, signerKey });
}

/** Makes room for whoever joins by their own commit, and clears the place that they had before (RFC 9420 §12.4.3.2). */
export function stageExternalCommit(
  group: PublicGroup,
  { commit }: OpenedCommit,
  list: ProposalList,
): Result<StagedCommit, StageRefusal> {
  if (commit.path === undefined) return refuse('commit-path');
  // Somebody outside can't tell whether a proposal of the group's is valid.
  if (commit.proposals.some((entry) => entry.proposalOrRefType === 'reference')) return refuse('external-reference');
  const draft = draftOf(group);
  for (const leafIndex of list.removes) draft.removeLeaf(leafIndex);
  const committerIndex = draft.makeRoom();
  const path = readPath(group, commit.path, committerIndex);
  if (!path.ok) return path;
  const { leaf } = path.value;
  const broken = checkExternalList(group, list, leaf);
  if (broken !== undefined) return refuse(broken);
  return ok({ draft, committerIndex, path: path.value, joiners: [], signerKey: leaf.node.signaturePublicKey });
}

function draftOf({ tree, rules }: PublicGroup): TreeDraft {
  return new TreeDraft(tree.nodes, tree.hashes, rules.suite.hash);
}

function readPath(
  { rules, context }: { readonly rules: MemberRules; readonly context: PublicGroup['context'] },
  { leafNode, nodes }: UpdatePath,
  leafIndex: number,
): Result<StagedPath, MlsRefusal<MlsLeafCode>> {
  const facts = rules.readLeaf(leafNode);
  if (!facts.ok) return facts;
  const leaf = makeLeaf(leafNode, facts.value.client);
  const signature = signatureOf(leaf, context.groupId, leafIndex);
  return ok({ leaf, nodes, signature, bindings: facts.value.bindings });
}
