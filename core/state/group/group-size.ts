import { MAX_COMMIT_ADDS, MAX_GROUP_MEMBERS } from '../../wire/limits.ts';
import type { Roster } from './roster.ts';

/** Which limit of an encrypted group a change would break, and by how much. */
export interface SizeRefusal {
  readonly code: 'too-many-adds' | 'group-full';
  readonly limit: number;
  readonly actual: number;
}

/**
 * Whether an encrypted group can take so many at once, and at all (`GM6`). What everyone has to fetch, hash and keep grows with
 * both: a Welcome with the adds of its commit, the tree with the members.
 */
export function checkGroupSize(
  roster: Roster,
  { added, removed }: { readonly added: number; readonly removed: number },
): SizeRefusal | undefined {
  if (added > MAX_COMMIT_ADDS) return { code: 'too-many-adds', limit: MAX_COMMIT_ADDS, actual: added };
  const actual = roster.filter(({ role }) => role !== 'none').length + added - removed;
  // Whoever takes somebody out is never kept from it.
  return added > 0 && actual > MAX_GROUP_MEMBERS ? { code: 'group-full', limit: MAX_GROUP_MEMBERS, actual } : undefined;
}
