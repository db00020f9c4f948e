import type { BucketReport, DeploymentReport } from '../../workers/local.ts';
import { fail, pass, warn, type Check } from './check.ts';

const NAME = 'bucket-rules';
/** As `npm run deploy` asks it. */
const HOW_TO_KNOW = 'npx wrangler login, or CLOUDFLARE_API_TOKEN with R2 read, then again.';

/** Whether the platform deletes what a deployment's relay did not come to delete; none where this clone describes no deployment. */
export async function checkDeployment(): Promise<readonly Check[]> {
  const { inspectDeployment } = await import('../../workers/local.ts');
  const report = await inspectDeployment();
  return report === undefined ? [] : [checkRules(report)];
}

/** What can't be known is said so, and is no pass. */
export function checkRules({ relayName, buckets }: DeploymentReport): Check {
  if (buckets.length === 0) return pass(NAME, `${relayName} has no buckets of its own`);
  const [lacking, unknown] = [of(buckets, 'missing', 'disabled', 'altered'), of(buckets, 'unknown')];
  if (lacking.length > 0) {
    const found = lacking.map(({ bucket, rule }) => `${bucket}: ${rule}`).join(', ');
    return fail(NAME, `the rule that deletes after 31 days: ${found}`, 'Set it: npm run deploy');
  }
  const [first] = unknown;
  if (first === undefined)
    return pass(NAME, `in all ${buckets.length} buckets of ${relayName} the platform deletes after 31 days`);
  const why = first.rule === 'unknown' ? first.why : '';
  return warn(
    NAME,
    `not known for ${unknown.length} of ${buckets.length} buckets of ${relayName}: ${why}`,
    HOW_TO_KNOW,
  );
}

function of(buckets: readonly BucketReport[], ...rules: readonly BucketReport['rule'][]): readonly BucketReport[] {
  return buckets.filter(({ rule }) => rules.includes(rule));
}
