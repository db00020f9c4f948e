import type { GroupState } from '../mls/index.ts';

/**
 * Members who would all act at once take turns instead, without having to agree on anything: by leaf index and epoch. Gives 1
 * to `turns`; in one epoch, leaves that are fewer apart than that have different ones.
 */
export function turnOf({ leafIndex, epoch }: Pick<GroupState, 'leafIndex' | 'epoch'>, turns: number): number {
  return 1 + ((leafIndex + epoch) % turns);
}
