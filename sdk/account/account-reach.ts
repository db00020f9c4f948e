import { toBase64Url, type AccountFollowing } from '../../core/index.ts';

/** A group that follows an account and lacks some of it. */
export interface LaggingGroup {
  /** Id of the group, base64url. */
  readonly group: string;
  /** Entries of the account that it has imported. */
  readonly known: number;
}

/**
 * How far the groups that follow an account have come, by the relay's word: what a group has imported stands in its own log. Until
 * it has, it lets a revoked device in for less than a minute (`NA11`).
 */
export interface AccountReach {
  /** Entries of the account that a group has to know to be no longer behind. */
  readonly size: number;
  /** Groups that follow the account. */
  readonly groups: number;
  /** Those of them that are behind. */
  readonly behind: number;
  /** The first of these, those that know least first. */
  readonly lagging: readonly LaggingGroup[];
  /** Whether none is behind. */
  readonly isComplete: boolean;
}

export function viewReach({ size, groups, behind, lagging }: AccountFollowing): AccountReach {
  const named = lagging.map(({ chain, known }) => ({ group: toBase64Url(chain), known }));
  return { size, groups, behind, lagging: named, isComplete: behind === 0 };
}
