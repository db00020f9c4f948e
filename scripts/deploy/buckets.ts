import { LIFECYCLE_RULE } from '../../workers/local.ts';
import type { Wrangler } from './wrangler.ts';

/** Keys of shards. */
const PREFIX = 'c/';
/** The longest retention of a chain, and a day: the platform counts from when an object was put, and takes up to a day. */
export const LIFECYCLE_DAYS = 31;

/** What has to be done with the account's buckets before the relay can use them. */
export interface BucketPlan {
  readonly missing: readonly string[];
  readonly withoutRule: readonly string[];
}

/** Looks at the account and changes nothing. */
export async function planBuckets(wrangler: Wrangler, buckets: readonly string[]): Promise<BucketPlan> {
  if (buckets.length === 0) return { missing: [], withoutRule: [] };
  const there = namesIn(await wrangler.run(['r2', 'bucket', 'list']));
  const missing = buckets.filter((bucket) => !there.includes(bucket));
  const withoutRule: string[] = [];
  for (const bucket of buckets) {
    const rules = missing.includes(bucket)
      ? []
      : namesIn(await wrangler.run(['r2', 'bucket', 'lifecycle', 'list', bucket]));
    if (!rules.includes(LIFECYCLE_RULE)) withoutRule.push(bucket);
  }
  return { missing, withoutRule };
}

/** Makes buckets and rules that are not there. Others are left as they are. */
export async function makeBuckets(wrangler: Wrangler, { missing, withoutRule }: BucketPlan): Promise<void> {
  for (const bucket of missing) await wrangler.run(['r2', 'bucket', 'create', bucket]);
  for (const bucket of withoutRule) {
    const days = ['--expire-days', String(LIFECYCLE_DAYS), '--force'];
    await wrangler.run(['r2', 'bucket', 'lifecycle', 'add', bucket, LIFECYCLE_RULE, PREFIX, ...days]);
  }
}

/** Wrangler lists what it has as labelled lines. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/^name:\s+(\S+)\s*$/gm)].map(([, name = '']) => name);
}
