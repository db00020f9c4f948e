import { LIFECYCLE_DAYS, LIFECYCLE_PREFIX, LIFECYCLE_RULE, lifecycleRuleIn } from '../../workers/local.ts';
import type { Wrangler } from './wrangler.ts';

/** What has to be done with the account's buckets before the relay can use them. */
export interface BucketPlan {
  readonly missing: readonly string[];
  readonly withoutRule: readonly string[];
  /** Whose rule is switched off, or says something else. */
  readonly wrongRule: readonly string[];
}

/** Looks at the account and changes nothing. */
export async function planBuckets(wrangler: Wrangler, buckets: readonly string[]): Promise<BucketPlan> {
  if (buckets.length === 0) return { missing: [], withoutRule: [], wrongRule: [] };
  const there = namesIn(await wrangler.run(['r2', 'bucket', 'list']));
  const missing = buckets.filter((bucket) => !there.includes(bucket));
  const [withoutRule, wrongRule]: [string[], string[]] = [[...missing], []];
  for (const bucket of buckets.filter((name) => !missing.includes(name))) {
    const rule = lifecycleRuleIn(await wrangler.run(['r2', 'bucket', 'lifecycle', 'list', bucket]));
    if (rule === 'missing') withoutRule.push(bucket);
    else if (rule !== 'there') wrongRule.push(bucket);
  }
  return { missing, withoutRule, wrongRule };
}

/** Makes buckets and rules that are not there, and rules anew that are not right. Others are left as they are. */
export async function makeBuckets(wrangler: Wrangler, { missing, withoutRule, wrongRule }: BucketPlan): Promise<void> {
  for (const bucket of missing) await wrangler.run(['r2', 'bucket', 'create', bucket]);
  for (const bucket of wrongRule) {
    await wrangler.run(['r2', 'bucket', 'lifecycle', 'remove', bucket, '--name', LIFECYCLE_RULE]);
  }
  for (const bucket of [...withoutRule, ...wrongRule]) {
    const days = ['--expire-days', String(LIFECYCLE_DAYS), '--force'];
    await wrangler.run(['r2', 'bucket', 'lifecycle', 'add', bucket, LIFECYCLE_RULE, LIFECYCLE_PREFIX, ...days]);
  }
}

/** Wrangler lists what it has as labelled lines. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/^name:\s+(\S+)\s*$/gm)].map(([, name = '']) => name);
}
