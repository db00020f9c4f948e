import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import { refuse, type MlsGroupInfoCode, type MlsRefusal } from '../refusal.ts';
import { bootstrapGroup, type BootstrapRefusal } from './bootstrap.ts';
import type { MemberRules } from './member-rules.ts';
import type { PublicGroup } from './public-group.ts';
import { leavesOf } from './public-tree.ts';

export interface FoundedGroup {
  readonly group: PublicGroup;
  /** Whom the only leaf stands for. */
  readonly founder: Uint8Array;
  /** Nothing is genuine before they verify. */
  readonly signatures: readonly VerifyJob[];
}

/** Begins to follow a group at its first epoch (`ML31`): number 0, no history, one leaf at place 0, and a way in (`ML34`). */
export function foundGroup(
  groupInfoMessage: Uint8Array,
  rules: MemberRules,
): Result<
  FoundedGroup,
  BootstrapRefusal | MlsRefusal<Extract<MlsGroupInfoCode, 'group-info-not-founding' | 'group-info-no-external-pub'>>
> {
  const opened = bootstrapGroup(groupInfoMessage, { rules });
  if (!opened.ok) return opened;
  const { group, hasExternalPub, signatures, bindings } = opened.value;
  const [first, ...others] = leavesOf(group.tree);
  const { epoch, confirmedTranscriptHash } = group.context;
  const isFounding = epoch === 0n && confirmedTranscriptHash.length === 0 && others.length === 0 && first?.[0] === 0;
  if (!isFounding) return refuse('group-info-not-founding');
  if (!hasExternalPub) return refuse('group-info-no-external-pub');
  return ok({ group, founder: first[1].client, signatures: [...signatures, ...bindings] });
}
