import { choice, opaque, struct, uint32, uint64, type Decoded } from '../../codec/index.ts';
import { defineEvent, HASH_BYTES } from '../../event/index.ts';
import type { Position, Rule, RuleRefusal } from '../rule.ts';
import { isOpaque, requireMembership, type GroupState } from './group-state.ts';
import { askToLeave, findMember, hasOtherOwner, isLeaving, requireRole } from './roster.ts';

const proposalBody = struct('MlsProposal', {
  /** The epoch that the proposal is of, and that it may be committed in. */
  epoch: uint64,
  /** `leave`: the Remove of its author's own leaf. `revoked`: the relay's, of a suspended one (`NA16`). Anything else is a matter of MLS alone. */
  purpose: choice('ProposalPurpose', { other: 0, leave: 1, revoked: 2 }),
  /** RFC 9420 §5.2 ProposalRef: what a commit names it by. */
  proposalRef: opaque(HASH_BYTES),
  proposalHash: opaque(HASH_BYTES),
  proposalSize: uint32,
});

export type MlsProposal = Decoded<typeof proposalBody>;

/**
 * Proposes something for a commit of this epoch to take up (`GM10`). Who proposes to leave has asked for good: those who
 * stay may take it out in any epoch (`GM11`).
 */
export const mlsProposal = defineEvent({
  type: 0x0203,
  name: 'group.mls-proposal',
  ordering: 'observed',
  body: proposalBody,
});

export const mlsProposalRule: Rule<GroupState, MlsProposal> = {
  definition: mlsProposal,
  permit: permitProposal,
  check: checkProposal,
  apply: (state, { index, actor }, { purpose }) =>
    purpose === 'leave' ? { ...state, roster: askToLeave(state.roster, actor, index) } : state,
  payload: ({ proposalHash, proposalSize }) => ({ hash: proposalHash, size: proposalSize }),
};

function permitProposal({ roster }: GroupState, actor: Uint8Array, { purpose }: MlsProposal): RuleRefusal | undefined {
  switch (purpose) {
    case 'leave':
      return requireRole(roster, actor, 'reader');
    // `NA16`: nobody in the group makes it. Whose word it is, the group's external senders say, and the relay takes none from outside.
    case 'revoked':
      return roster.some(({ role }) => role === 'suspended') ? undefined : { code: 'not-permitted' };
    case 'other':
      return requireRole(roster, actor, 'member');
  }
}

function checkProposal(state: GroupState, { actor }: Position, body: MlsProposal): RuleRefusal | undefined {
  const { mls, roster } = state;
  if (mls === undefined) return requireMembership(state, 'mls') ?? { code: 'mls-not-created' };
  if (body.epoch !== mls.epoch) return { code: 'wrong-epoch', epoch: mls.epoch };
  if (isOpaque(state.genesis) && !isFirstLeave(state, actor, body)) return { code: 'opaque-handshakes' };
  return body.purpose === 'leave' && !hasOtherOwner(roster, actor) ? { code: 'last-owner' } : undefined;
}

/** `GM31`: what nobody outside can read is no proposal to fill an epoch with. Each member has the one that says it leaves. */
function isFirstLeave({ roster }: GroupState, actor: Uint8Array, { purpose }: MlsProposal): boolean {
  const member = findMember(roster, actor);
  return purpose === 'leave' && member !== undefined && !isLeaving(member);
}
