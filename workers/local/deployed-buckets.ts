import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { isClone, packageRoot } from './package-root.ts';
import { wranglerProgram } from './worker-bundle.ts';

/** The rule by which the platform deletes shards that no relay came to delete (`SN4`). */
export const LIFECYCLE_RULE = 'terachat-expiry';
/** Keys of shards. */
export const LIFECYCLE_PREFIX = 'c/';
/** The longest retention of a chain, and a day: the platform counts from when an object was put, and takes up to a day. */
export const LIFECYCLE_DAYS = 31;

/** `altered` is one that deletes at another time, or other objects: sooner would take what is to stay. */
export type RuleState = 'there' | 'missing' | 'disabled' | 'altered';

/** A bucket of a deployment, and what is known of its rule. */
export type BucketReport =
  | { readonly bucket: string; readonly rule: RuleState }
  | { readonly bucket: string; readonly rule: 'unknown'; readonly why: string };

/** The buckets of the deployment that a clone's wrangler.toml describes. */
export interface DeploymentReport {
  readonly relayName: string;
  readonly buckets: readonly BucketReport[];
}

export interface DeploymentPlace {
  /** A wrangler.toml. */
  readonly config: string;
  /** Program and first arguments of wrangler. */
  readonly wrangler: readonly string[];
}

interface Parsed {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly r2_buckets: readonly { readonly bucket_name?: string }[];
}

/** How the rule is among those that wrangler lists, as labelled lines. */
export function lifecycleRuleIn(text: string): RuleState {
  const rule = text.split(/^(?=name:)/m).find((block) => valueIn(block, 'name') === LIFECYCLE_RULE);
  if (rule === undefined) return 'missing';
  if (valueIn(rule, 'enabled') === 'No') return 'disabled';
  const isOurs =
    [LIFECYCLE_PREFIX, '(all prefixes)'].includes(valueIn(rule, 'prefix')) &&
    valueIn(rule, 'action') === `Expire objects after ${LIFECYCLE_DAYS} days`;
  return isOurs ? 'there' : 'altered';
}

function valueIn(block: string, label: string): string {
  return new RegExp(`^${label}:\\s+(.*?)\\s*$`, 'm').exec(block)?.[1] ?? '';
}

/**
 * Asks the account of the deployment about each bucket, by the wrangler of this clone and whoever is logged in there. Changes nothing.
 * Undefined where there is no clone, or one that describes no deployment yet.
 */
export async function inspectDeployment(place = placeOfClone()): Promise<DeploymentReport | undefined> {
  if (place === undefined) return undefined;
  const { unstable_readConfig: readConfig } = await import('wrangler');
  const { vars, r2_buckets: bound } = readConfig({ config: place.config }, { hideWarnings: true }) as unknown as Parsed;
  const { RELAY_NAME: relayName } = vars;
  if (typeof relayName !== 'string' || relayName === '' || /(?:^|\.)localhost(?:\.|$)/.test(relayName))
    return undefined;
  const buckets: BucketReport[] = [];
  for (const { bucket_name: bucket } of bound)
    if (bucket !== undefined) buckets.push(await inspectBucket(place, bucket));
  return { relayName, buckets };
}

function placeOfClone(): DeploymentPlace | undefined {
  const root = packageRoot();
  if (!isClone(root)) return undefined;
  return { config: join(root, 'wrangler.toml'), wrangler: [process.execPath, wranglerProgram()] };
}

async function inspectBucket({ config, wrangler }: DeploymentPlace, bucket: string): Promise<BucketReport> {
  const { code, output } = await run([...wrangler, 'r2', 'bucket', 'lifecycle', 'list', bucket, '--config', config]);
  if (code !== 0) return { bucket, rule: 'unknown', why: firstSentence(output) };
  return { bucket, rule: lifecycleRuleIn(output) };
}

/** Nobody is there to log in: what wrangler would ask is answered by the end of its input. */
function run([program = '', ...args]: readonly string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, CI: 'true', WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** What wrangler says first, without its colours and marks; where to go from there is for its own users. */
function firstSentence(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.replace(/^[^\p{L}\p{N}]*(?:(?:ERROR|WARNING)\]\s*)?/u, '').trim());
  const [sentence = ''] = lines.find((line) => line !== '')?.split(/\.(?: |$)/) ?? [];
  return sentence === '' ? 'wrangler said nothing' : clipped(sentence);
}

function clipped(text: string): string {
  return text.length > MAX_REASON ? `${text.slice(0, MAX_REASON - 1)}…` : text;
}

const MAX_REASON = 200;
