import type { Extension, ProposalOrRef } from 'ts-mls';
import { toBase64 } from '../../bytes/index.ts';
import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import type { MlsSender } from '../handshake.ts';
import { MAX_COMMIT_PROPOSALS } from '../limits.ts';
import { refuse, type MlsProposalListCode, type MlsRefusal } from '../refusal.ts';
import { supportsProposal } from './check-members.ts';
import type { Addition, GroupSuccessor, ProposedChange } from './known-proposal.ts';
import type { PublicGroup } from './public-group.ts';
import { leafAt, leavesOf } from './public-tree.ts';
import { readChange, type ChangeRefusal } from './read-change.ts';
import type { PublicLeaf } from './tree-node.ts';

/** The proposals of one commit by kind, each kind in the order of the commit. */
export interface ProposalList {
  readonly updates: readonly { readonly leafIndex: number; readonly leaf: PublicLeaf }[];
  readonly removes: readonly number[];
  readonly adds: readonly Addition[];
  readonly pskIds: readonly string[];
  readonly extensions: readonly (readonly Extension[])[];
  readonly reinits: readonly GroupSuccessor[];
  readonly externalInits: number;
  readonly customTypes: readonly number[];
  readonly kinds: ReadonlySet<ProposedChange['kind']>;
  /** All of them. */
  readonly count: number;
  /** Of what came by value, by the suite's scheme. */
  readonly signatures: readonly VerifyJob[];
  readonly bindings: readonly VerifyJob[];
}

type ListRefusal = ChangeRefusal | MlsRefusal<MlsProposalListCode>;

/** Finds what the commit refers to among the proposals of the epoch, and reads what it holds by value. */
export function readProposalList(
  group: PublicGroup,
  entries: readonly ProposalOrRef[],
  committer: MlsSender,
): Result<ProposalList, ListRefusal> {
  if (entries.length > MAX_COMMIT_PROPOSALS) return refuse('list-too-long');
  const changes: ProposedChange[] = [];
  const signatures: VerifyJob[] = [];
  const bindings: VerifyJob[] = [];
  for (const entry of entries) {
    if (entry.proposalOrRefType === 'reference') {
      const known = group.proposals.get(toBase64(entry.reference));
      if (known === undefined) return refuse('list-unknown-reference');
      changes.push(known.change);
      continue;
    }
    const read = readChange(group, entry.proposal, committer);
    if (!read.ok) return read;
    changes.push(read.value.change);
    signatures.push(...read.value.signatures);
    bindings.push(...read.value.bindings);
  }
  return ok({ ...sortChanges(changes), count: changes.length, signatures, bindings });
}

function sortChanges(changes: readonly ProposedChange[]): Omit<ProposalList, 'count' | 'signatures' | 'bindings'> {
  return {
    kinds: new Set(changes.map(({ kind }) => kind)),
    updates: changes.filter((change) => change.kind === 'update'),
    removes: changes.filter((change) => change.kind === 'remove').map(({ leafIndex }) => leafIndex),
    adds: changes.filter((change) => change.kind === 'add').map(({ addition }) => addition),
    pskIds: changes.filter((change) => change.kind === 'psk').map(({ id }) => id),
    extensions: changes.filter((change) => change.kind === 'group-context-extensions').map((each) => each.extensions),
    reinits: changes.filter((change) => change.kind === 'reinit').map(({ successor }) => successor),
    externalInits: changes.filter(({ kind }) => kind === 'external-init').length,
    customTypes: changes.filter((change) => change.kind === 'custom').map(({ type }) => type),
  };
}

/** The rules for a member's commit, in the order of RFC 9420 §12.2. The last, a sound tree, is checked when there is one. */
export function checkMemberList(
  group: PublicGroup,
  list: ProposalList,
  committerIndex: number,
): MlsProposalListCode | undefined {
  const { updates, removes } = list;
  if (updates.some(({ leafIndex }) => leafIndex === committerIndex)) return 'list-own-update';
  if (removes.includes(committerIndex)) return 'list-own-removal';
  if (!areDistinct([...updates.map(({ leafIndex }) => leafIndex), ...removes])) return 'list-leaf-twice';
  const added = list.adds.map(({ leaf }) => toBase64(leaf.client));
  if (!areDistinct(added)) return 'list-client-twice';
  if (added.length > 0 && isAnyPresent(group, added, removes)) return 'list-client-present';
  if (!areDistinct(list.pskIds)) return 'list-psk-twice';
  if (list.extensions.length > 1) return 'list-extensions-twice';
  if (list.reinits.length > 0 && list.count > 1) return 'list-reinit-with-others';
  if (list.externalInits > 0) return 'list-external-init';
  return list.customTypes.every((type) => isSupported(group, type, removes)) ? undefined : 'list-unsupported-type';
}

function areDistinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

function isAnyPresent({ tree }: PublicGroup, clients: readonly string[], removes: readonly number[]): boolean {
  const gone = new Set(removes);
  const sought = new Set(clients);
  return [...leavesOf(tree)].some(([index, { client }]) => !gone.has(index) && sought.has(toBase64(client)));
}

/** By those who have to process the commit: members before and after it. */
function isSupported({ tree }: PublicGroup, type: number, removes: readonly number[]): boolean {
  return [...leavesOf(tree)].every(
    ([index, { node }]) => removes.includes(index) || supportsProposal(node.capabilities, type),
  );
}

/** The rules for an external commit (RFC 9420 §12.2, §12.4.3.2). `joiner` is the leaf of its path. */
export function checkExternalList(
  group: PublicGroup,
  list: ProposalList,
  joiner: PublicLeaf,
): MlsProposalListCode | undefined {
  if (list.externalInits !== 1) return 'external-init-count';
  if (list.removes.length > 1) return 'external-removals';
  if (list.count !== list.externalInits + list.removes.length + list.pskIds.length) return 'external-proposal';
  if (!areDistinct(list.pskIds)) return 'list-psk-twice';
  const [formerIndex] = list.removes;
  const former = formerIndex === undefined ? undefined : leafAt(group.tree, formerIndex);
  // Resync: nobody but the client itself may take its former leaf's place.
  return former === undefined || group.rules.isSuccessor(former, joiner) ? undefined : 'resync-credential';
}

/** Types that work only with fresh secrets from a path, which whoever was removed can't read (RFC 9420 §12.4, §17.4). */
export function needsPath({ updates, removes, extensions, externalInits, count }: ProposalList): boolean {
  return count === 0 || updates.length + removes.length + extensions.length + externalInits > 0;
}
