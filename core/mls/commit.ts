import type { Commit, FramedContent, ProposalOrRef, PublicMessage } from 'ts-mls';
import { ok, type Result } from '../result.ts';
import { readEpoch } from './epoch.ts';
import type { MlsHandshake } from './handshake.ts';
import type { MlsLeaf } from './leaf.ts';
import { MAX_COMMIT_BYTES, MAX_COMMIT_PROPOSALS } from './limits.ts';
import { openMlsMessage } from './message.ts';
import type { MlsProposal } from './proposal.ts';
import { readHandshake, readSender } from './read-handshake.ts';
import { readLeaf } from './read-leaf.ts';
import { readProposal } from './read-proposal.ts';
import { refuse, type MlsLeafCode, type MlsMessageCode, type MlsRefusal } from './refusal.ts';
import { DEFAULT_TERMS, type GroupTerms } from './suite.ts';

interface CommitChange {
  readonly proposals: readonly MlsCommitProposal[];
  /** The committer's new leaf, where the commit has an update path. */
  readonly pathLeaf: MlsLeaf | undefined;
}

/** What a commit does, however it was framed (RFC 9420 §12.4). */
export interface MlsCommitContent
  extends CommitChange, Pick<MlsHandshake, 'groupId' | 'epoch' | 'sender' | 'authenticatedData'> {}

/** A commit as everyone can read it. */
export interface MlsCommit extends CommitChange, MlsHandshake {
  readonly confirmationTag: Uint8Array;
}

export type MlsCommitProposal = MlsProposal | { readonly kind: 'reference'; readonly ref: Uint8Array };

type CommitRefusal = MlsRefusal<MlsMessageCode | MlsLeafCode | 'commit-proposal-list'>;

/** Parses an MLSMessage that holds a PublicMessage with a commit (`ML20`). */
export function parseCommitMessage(bytes: Uint8Array, terms = DEFAULT_TERMS): Result<MlsCommit, CommitRefusal> {
  const message = openMlsMessage(bytes, 'mls_public_message', MAX_COMMIT_BYTES);
  return message.ok ? readCommit(bytes, message.value.publicMessage, terms) : message;
}

function readCommit(bytes: Uint8Array, message: PublicMessage, terms: GroupTerms): Result<MlsCommit, CommitRefusal> {
  const { content, auth } = message;
  if (content.contentType !== 'commit' || auth.contentType !== 'commit') return refuse('mls-content-type');
  const handshake = readHandshake(bytes, message);
  if (!handshake.ok) return handshake;
  const change = readChange(content.commit, terms);
  return change.ok ? ok({ ...handshake.value, ...change.value, confirmationTag: auth.confirmationTag }) : change;
}

/** Reads the commit of a PrivateMessage, which a member has decrypted and verified (`ML102`). */
export function readCommitContent(
  content: FramedContent,
  terms = DEFAULT_TERMS,
): Result<MlsCommitContent, CommitRefusal> {
  if (content.contentType !== 'commit') return refuse('mls-content-type');
  const epoch = readEpoch(content.epoch);
  if (epoch === undefined) return refuse('mls-malformed');
  const change = readChange(content.commit, terms);
  if (!change.ok) return change;
  const { groupId, authenticatedData } = content;
  return ok({ groupId, epoch, sender: readSender(content.sender), authenticatedData, ...change.value });
}

function readChange(commit: Commit, terms: GroupTerms): Result<CommitChange, CommitRefusal> {
  const proposals = readProposals(commit.proposals, terms);
  if (!proposals.ok) return proposals;
  if (commit.path === undefined) return ok({ proposals: proposals.value, pathLeaf: undefined });
  const pathLeaf = readLeaf(commit.path.leafNode, terms);
  return pathLeaf.ok ? ok({ proposals: proposals.value, pathLeaf: pathLeaf.value }) : pathLeaf;
}

function readProposals(
  proposals: readonly ProposalOrRef[],
  terms: GroupTerms,
): Result<readonly MlsCommitProposal[], CommitRefusal> {
  if (proposals.length > MAX_COMMIT_PROPOSALS) return refuse('commit-proposal-list');
  const read: MlsCommitProposal[] = [];
  for (const proposal of proposals) {
    if (proposal.proposalOrRefType === 'reference') {
      read.push({ kind: 'reference', ref: proposal.reference });
      continue;
    }
    const byValue = readProposal(proposal.proposal, terms);
    if (!byValue.ok) return byValue;
    read.push(byValue.value);
  }
  return ok(read);
}
