import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseClusterConfiguration } from '../../core/index.ts';
import { LIFECYCLE_DAYS } from '../../workers/local.ts';
import { makeBuckets, planBuckets, type BucketPlan } from './buckets.ts';
import type { BundleReport } from './bundle.ts';
import {
  configurationFaults,
  environmentFaults,
  nodeSecrets,
  POLICY_ENVIRONMENT,
  readConfiguration,
  type Configuration,
} from './configuration.ts';
import { EXIT } from './exit-codes.ts';
import { keyFileOf, openKeyFile } from './key-file.ts';
import { writePolicyEntry } from './policy-entry.ts';
import { Wrangler } from './wrangler.ts';

export interface DeployOptions {
  /** wrangler.toml */
  readonly config: string;
  /** Program and first arguments of wrangler, as far as it talks to the network. */
  readonly wrangler: readonly string[];
  /** Makes and measures the bundle; `checkBundle`. */
  readonly checkBundle: (config: string, entry?: string) => Promise<BundleReport>;
  /** Of wrangler.toml; undefined for its top. */
  readonly environment?: typeof POLICY_ENVIRONMENT | undefined;
  /** Files of policies that the worker brings with it. */
  readonly modules?: readonly string[];
  readonly isDryRun: boolean;
  /** Undefined for the default beside the configuration. */
  readonly keyFile: string | undefined;
  readonly print: (text: string) => void;
  readonly confirm: (question: string) => Promise<boolean>;
}

const NEEDLESS_MODULES = 'A worker that loads policies has them from the registry: leave out --module.';
const CHECKPOINT_KEY = 'RELAY_CHECKPOINT_KEY';

/** Checks, says what it will do, asks, does it. Returns an exit code; nothing is changed anywhere before the answer. */
export async function deploy(options: DeployOptions): Promise<number> {
  const { config, environment, print, isDryRun, modules = [] } = options;
  const configuration = readConfiguration(config, environment);
  const faults = [
    ...configurationFaults(configuration),
    ...(environment === undefined ? [] : environmentFaults(config, environment)),
    ...(configuration.loadsPolicies && modules.length > 0 ? [NEEDLESS_MODULES] : []),
  ];
  if (faults.length > 0) {
    print(`wrangler.toml is not ready:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    if (!isDryRun) return EXIT.usage;
  }
  const folder = mkdtempSync(join(tmpdir(), 'terachat-policies-'));
  try {
    const entry = modules.length === 0 ? undefined : writePolicyEntry(folder, { modules, main: configuration.main });
    const bundle = await options.checkBundle(config, entry);
    print(
      [describeBundle(bundle), describePolicies(configuration, modules), describeStorage(configuration)].join('\n'),
    );
    if (bundle.fault !== undefined || faults.length > 0) return EXIT.usage;
    if (isDryRun) {
      print(`A deployment would put ${configuration.name} online as ${configuration.relayName}. Nothing was changed.`);
      return EXIT.done;
    }
    return await putOnline(options, configuration, entry);
  } catch (cause) {
    print(`Failed: ${cause instanceof Error ? cause.message : String(cause)}`);
    return EXIT.failed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function putOnline(
  { config, environment, wrangler: program, keyFile, print, confirm }: DeployOptions,
  configuration: Configuration,
  entry: string | undefined,
): Promise<number> {
  const { name, relayName, buckets, registry } = configuration;
  const wrangler = new Wrangler(program, config, environment);
  const secrets = await wrangler.secrets();
  const unset = nodeSecrets(configuration).filter((secret) => secrets?.includes(secret) !== true);
  if (unset.length > 0) {
    print(`Nodes of CLUSTER need secrets that the worker does not have:\n${unset.map(commandToSet).join('\n')}`);
    return EXIT.usage;
  }
  const path = keyFile ?? keyFileOf(config, name);
  const hasKey = secrets?.includes(CHECKPOINT_KEY) === true;
  const keyStep = hasKey
    ? 'keep the checkpoint key that it has'
    : `set its checkpoint key from ${path}, which is made where it is missing: keep a copy, nothing can read it back`;
  const what = secrets === undefined ? `make the worker ${name}` : `update the worker ${name}`;
  const plan = await planBuckets(wrangler, buckets);
  print(
    ['This will', keyStep, registryStep(registry), ...bucketSteps(plan), `${what}, relay ${relayName}`].join('\n  - '),
  );
  if (!(await confirm('Go on?'))) return EXIT.declined;
  // Written down before it is set: no relay ever signs with a key of which there is no copy. A file that is there is used
  // again, so that a run which was cut off goes on with the same key.
  if (!hasKey) await wrangler.setSecret(CHECKPOINT_KEY, openKeyFile(path));
  // Before the worker, which does not go online without the buckets that it binds.
  await makeBuckets(wrangler, plan);
  print(await wrangler.deploy(entry));
  return EXIT.done;
}

/** Which asks for the value itself. A worker that is not there yet is made by it, and answers nobody. */
function commandToSet(secret: string): string {
  return `  npx wrangler secret put ${secret}`;
}

/** Whoever pins a registry lets its admins say which programs run in chains: that is said before it is done. */
function registryStep(registry: string | undefined): string {
  if (registry === undefined) return 'trust no policy modules: REGISTRY is not set (docs/guides/admins.md)';
  return `trust the policy modules that the admins of registry ${registry} sign: compare it with what they have`;
}

function bucketSteps({ missing, withoutRule, wrongRule }: BucketPlan): string[] {
  const rule = `have the platform delete shards after ${LIFECYCLE_DAYS} days in`;
  return [
    ...(missing.length === 0 ? [] : [`make the buckets ${missing.join(', ')}`]),
    ...(withoutRule.length === 0 ? [] : [`${rule} ${withoutRule.join(', ')}`]),
    ...(wrongRule.length === 0 ? [] : [`${rule} ${wrongRule.join(', ')} again, where the rule is off or altered`]),
  ];
}

/** Where payloads will lie, and what happens there before the relay goes online. */
function describeStorage({ buckets, variables: { CLUSTER: text } }: Configuration): string {
  const cluster = typeof text === 'string' ? parseClusterConfiguration(text) : undefined;
  if (cluster?.ok !== true) return 'No storage nodes: payloads stay in their chains, and there are no attachments.';
  const { founding, dataShards } = cluster.value;
  const nodes = `Payloads lie at ${founding.nodes.length} storage nodes, any ${dataShards} of which give them back.`;
  if (buckets.length === 0) return nodes;
  return `${nodes}
Buckets that are missing are made, and get the rule that deletes after ${LIFECYCLE_DAYS} days: ${buckets.join(', ')}`;
}

function describeBundle({ bytes, gzipBytes, limitBytes, fault }: BundleReport): string {
  const size = `The bundle has ${kib(bytes)} KiB, ${kib(gzipBytes)} compressed; ${kib(limitBytes)} are allowed.`;
  return fault === undefined ? size : `${size}\n${fault}`;
}

function describePolicies({ loadsPolicies }: Configuration, modules: readonly string[]): string {
  if (loadsPolicies) return 'Policies run in isolates: any module of the registry.';
  if (modules.length === 0) return `No policy runs: --env ${POLICY_ENVIRONMENT} loads them, --module FILE brings one.`;
  return `It brings ${modules.length} policies with it, and runs no other: ${modules.join(', ')}`;
}

function kib(bytes: number): string {
  return Math.ceil(bytes / 1024).toLocaleString('en');
}
