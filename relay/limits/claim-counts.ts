import { err, ok, type Result } from '../../core/index.ts';
import type { RelayRefusal } from '../answer.ts';
import { limits } from './limit-table.ts';
import { rateLimited } from './rate-limited.ts';

/** Counts that one device keeps. */
export const MAX_CLAIM_COUNTS = 2_048;

/** What one chain or one actor has claimed of a device until its hour ends. */
export interface ClaimCount {
  readonly count: number;
  /** ms since the Unix epoch */
  readonly endsAt: number;
}

export interface NewClaimCounts {
  readonly chain: ClaimCount;
  readonly claimer: ClaimCount;
}

/** The counts that a claim adds to, where there are any. */
export interface ClaimLoad {
  readonly chain: ClaimCount | undefined;
  readonly claimer: ClaimCount | undefined;
  /** Counts that the device keeps. */
  readonly size: number;
  /** When the first of them ends. */
  readonly nextEnd: number | undefined;
}

/**
 * Counts a claim against its chain and its claimer (`KP8`): whoever may invite somewhere could otherwise drain every pool,
 * and leave the joiners of all other groups to a KeyPackage that is used more than once.
 */
export function countClaim(load: ClaimLoad, clock: number): Result<NewClaimCounts, RelayRefusal> {
  const chain = countOne(load.chain, 'claims', clock);
  if (!chain.ok) return chain;
  const claimer = countOne(load.claimer, 'claimer-claims', clock);
  if (!claimer.ok) return claimer;
  const isNew = load.chain === undefined || load.claimer === undefined;
  if (isNew && load.size >= MAX_CLAIM_COUNTS) return err(rateLimited('claims', (load.nextEnd ?? clock) - clock));
  return ok({ chain: chain.value, claimer: claimer.value });
}

function countOne(
  held: ClaimCount | undefined,
  name: 'claims' | 'claimer-claims',
  clock: number,
): Result<ClaimCount, RelayRefusal> {
  const { count: limit, periodMs } = limits[name];
  if (held === undefined || held.endsAt <= clock) return ok({ count: 1, endsAt: clock + periodMs });
  const { count, endsAt } = held;
  return count < limit ? ok({ count: count + 1, endsAt }) : err(rateLimited(name, endsAt - clock));
}
