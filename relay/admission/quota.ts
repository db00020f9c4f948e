import type { RelayRefusal } from '../answer.ts';
import type { Limit, LimitName } from '../limits/limit-table.ts';

/** Chains founded in one period, by one actor or from one address. */
export interface FoundingCount {
  /** Number of the period since the Unix epoch. */
  readonly period: number;
  readonly count: number;
  /** The latest of them, so that asking again for the same chain costs nothing. */
  readonly chains: readonly string[];
}

export interface FoundingRequest {
  /** base64url */
  readonly chain: string;
  readonly limitName: LimitName;
  readonly limit: Limit;
}

/** Chains that are remembered by name. */
const MAX_REMEMBERED = 64;

/** Counts a founding, or refuses it until the next period (`AD2`). */
export function countFounding(
  before: FoundingCount | undefined,
  { chain, limitName, limit }: FoundingRequest,
  clock: number,
): { readonly after: FoundingCount } | { readonly refusal: RelayRefusal } {
  const period = Math.floor(clock / limit.periodMs);
  const current: FoundingCount = before?.period === period ? before : { period, count: 0, chains: [] };
  const { count, chains } = current;
  if (chains.includes(chain)) return { after: current };
  if (count >= limit.count) {
    const retryAfterMs = (period + 1) * limit.periodMs - clock;
    return { refusal: { code: 'founding-quota-reached', limit: limitName, retryAfterMs } };
  }
  return { after: { period, count: count + 1, chains: [...chains, chain].slice(-MAX_REMEMBERED) } };
}
