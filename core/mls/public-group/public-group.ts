import type { GroupContext } from 'ts-mls';
import { decodeGroupContext, encodeGroupContext } from 'ts-mls/groupContext.js';
import { concatBytes } from '../../bytes/index.ts';
import { encode, opaqueVector } from '../../codec/index.ts';
import type { MemberRules } from './member-rules.ts';
import type { KnownProposal } from './known-proposal.ts';
import type { PublicTree } from './public-tree.ts';
import type { SuiteHash } from '../suite.ts';

/**
 * One epoch of a group as its Delivery Service sees it: who is where, what handshakes are signed over, and what was
 * proposed. A value: proposals and commits give a new one. It holds no secrets, and no view of a message that was passed in.
 */
export interface PublicGroup {
  readonly rules: MemberRules;
  readonly tree: PublicTree;
  readonly context: GroupContext;
  readonly encodedContext: Uint8Array;
  readonly confirmationTag: Uint8Array;
  readonly interimTranscriptHash: Uint8Array;
  /** Of this epoch, by the Base64 of their ProposalRef. */
  readonly proposals: ReadonlyMap<string, KnownProposal>;
  /** Whether a ReInit ended the group: nothing may follow (RFC 9420 §11.2). Not to be seen from a GroupInfo. */
  readonly isSuspended: boolean;
}

/** The start of an epoch, before anything was proposed. */
export function beginEpoch(parts: {
  readonly rules: MemberRules;
  readonly tree: PublicTree;
  readonly context: GroupContext;
  readonly confirmationTag: Uint8Array;
  readonly isSuspended: boolean;
}): PublicGroup {
  const { rules, tree, isSuspended } = parts;
  const encodedContext = encodeGroupContext(parts.context);
  const context = decodeGroupContext(encodedContext, 0)?.[0];
  if (context === undefined) throw new TypeError('a GroupContext that was decoded before');
  const confirmationTag = parts.confirmationTag.slice();
  const interimTranscriptHash = hashInterim(rules.suite.hash, context.confirmedTranscriptHash, confirmationTag);
  return {
    rules,
    tree,
    context,
    encodedContext,
    confirmationTag,
    interimTranscriptHash,
    proposals: new Map(),
    isSuspended,
  };
}

/** A tag is as long as a hash of the suite. */
const MAX_TAG_BYTES = 64;
const tagCodec = opaqueVector(MAX_TAG_BYTES);

/** RFC 9420 §8.2. The tag is public in the commit, and in each GroupInfo. */
function hashInterim(hash: SuiteHash, confirmed: Uint8Array, confirmationTag: Uint8Array): Uint8Array {
  return hash(concatBytes(confirmed, encode(tagCodec, confirmationTag)));
}
