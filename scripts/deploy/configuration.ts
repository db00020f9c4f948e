import { isDeepStrictEqual } from 'node:util';
import { unstable_readConfig } from 'wrangler';
import { explainClusterFault, parseClusterConfiguration, secretsOf } from '../../core/index.ts';
import {
  configureAdmission,
  configureHotAge,
  configureLimits,
  configureOperators,
  configureRegistry,
} from '../../relay/index.ts';

export interface Configuration {
  /** Of the worker. */
  readonly name: string;
  readonly relayName: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** The registry whose modules are trusted, if any. */
  readonly registry: string | undefined;
  readonly addressLimit: { readonly limit: number; readonly period: number } | undefined;
  /** Names of the buckets that are bound. */
  readonly buckets: readonly string[];
  /** Names of their bindings. */
  readonly bindings: readonly string[];
  /** Path of its `main`. */
  readonly main: string;
  /** Whether policies can be loaded into isolates (`PX10`). */
  readonly loadsPolicies: boolean;
}

/** The environment of wrangler.toml whose worker loads policies. */
export const POLICY_ENVIRONMENT = 'policies';
const POLICY_LOADER = 'POLICY_LOADER';

/** What a relay of one machine is called, which no other relay may be. */
const LOCAL_NAME = /(?:^|\.)localhost(?:\.|$)|\.local$|^127\.|^\[?::1/i;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/;

/** What is read of wrangler's own parsing. */
interface ParsedConfiguration {
  readonly name?: string;
  readonly main?: string;
  readonly worker_loaders?: readonly { readonly binding: string }[];
  readonly durable_objects?: unknown;
  readonly secrets?: unknown;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly ratelimits: readonly {
    readonly name: string;
    readonly simple: { readonly limit: number; readonly period: number };
  }[];
  readonly r2_buckets: readonly { readonly binding: string; readonly bucket_name?: string }[];
}

export function readConfiguration(config: string, environment?: string): Configuration {
  const { name, main = '', vars: variables, ratelimits, r2_buckets: bound, ...parsed } = parse(config, environment);
  const counter = ratelimits.find((binding) => binding.name === 'ADDRESS_LIMIT');
  const relayName = typeof variables['RELAY_NAME'] === 'string' ? variables['RELAY_NAME'] : '';
  const buckets = bound.flatMap(({ bucket_name: bucket }) => (bucket === undefined ? [] : [bucket]));
  const { registry } = configureRegistry(variables);
  const bindings = bound.map(({ binding }) => binding);
  const loadsPolicies = parsed.worker_loaders?.some(({ binding }) => binding === POLICY_LOADER) ?? false;
  const addressLimit = counter?.simple;
  return { name: name ?? '', main, relayName, variables, registry, addressLimit, buckets, bindings, loadsPolicies };
}

/** What has to be the same in an environment as above it, since both are one relay: wrangler hands none of it down. */
const REPEATED = ['name', 'vars', 'durable_objects', 'r2_buckets', 'ratelimits', 'secrets'] as const;

/** Where an environment says something else than the top of the file: it would put another relay online in this one's place. */
export function environmentFaults(config: string, environment: string): readonly string[] {
  const [top, below] = [parse(config), parse(config, environment)];
  const differing = REPEATED.filter((key) => !isDeepStrictEqual(top[key], below[key]));
  return differing.map((key) => `[env.${environment}] says something else of ${key} than the top of the file.`);
}

function parse(config: string, env?: string): ParsedConfiguration {
  const parsed: unknown = unstable_readConfig({ config, env }, { hideWarnings: true });
  return parsed as ParsedConfiguration;
}

/** Secrets that nodes of the cluster name: the worker opens no cluster without them (`SC13`). */
export function nodeSecrets({ variables }: Configuration): readonly string[] {
  const { CLUSTER: text } = variables;
  const cluster = typeof text === 'string' ? parseClusterConfiguration(text) : undefined;
  return cluster?.ok === true ? secretsOf(cluster.value) : [];
}

/** Everything that must not go online like this, each with what to do. */
export function configurationFaults(configuration: Configuration): readonly string[] {
  const { name, relayName, variables, addressLimit } = configuration;
  const faults: string[] = [];
  if (name === '') faults.push('name is missing: what the worker is called.');
  if (LOCAL_NAME.test(relayName) || !HOST_NAME.test(relayName)) {
    faults.push(`RELAY_NAME is '${relayName}': set the host name that the relay will have for good, in lower case.`);
  }
  for (const variable of configureLimits(variables).faults) {
    faults.push(`${variable} means nothing: a limit is COUNT/SECONDS or off, a factor a whole number.`);
  }
  for (const variable of configureAdmission(variables).faults) {
    faults.push(`${variable} means nothing, so nobody could found a chain: see docs/guides/operating.md.`);
  }
  for (const variable of configureOperators(variables).faults) {
    faults.push(`${variable} means nothing, so nobody could look after the cluster: keys between commas.`);
  }
  if (configureHotAge(variables).faults.length > 0) {
    faults.push('SEGMENT_AGE_S means nothing: it is whole seconds, 86400 at most.');
  }
  faults.push(...clusterFaults(configuration));
  if (variables['METRICS_OPEN'] === 'true') {
    faults.push('METRICS_OPEN would show /metrics to everybody: set the secret METRICS_TOKEN instead.');
  }
  if (configureRegistry(variables).faults.length > 0) {
    faults.push('REGISTRY is no chain id, so no module would be trusted: terachat admin init prints one.');
  }
  for (const secret of ['RELAY_CHECKPOINT_KEY', 'METRICS_TOKEN', ...nodeSecrets(configuration)]) {
    if (variables[secret] !== undefined) faults.push(`${secret} is a secret and must not stand in [vars].`);
  }
  if (addressLimit === undefined) {
    faults.push('[[ratelimits]] ADDRESS_LIMIT is missing: requests would not be counted by address.');
  }
  if (variables['ADDRESS_HEADER'] !== 'cf-connecting-ip') {
    faults.push('ADDRESS_HEADER must be cf-connecting-ip: any other header is what callers say of themselves.');
  }
  return faults;
}

function clusterFaults({ variables: { CLUSTER: text }, bindings }: Configuration): readonly string[] {
  if (typeof text !== 'string') return [];
  const cluster = parseClusterConfiguration(text);
  if (!cluster.ok) {
    const { found, todo } = explainClusterFault(cluster.error);
    return [[`CLUSTER is no cluster: ${found}`, todo].filter(Boolean).join(' ')];
  }
  const unbound = cluster.value.nodes.flatMap((node) =>
    node.kind === 'r2' && !bindings.includes(node.binding) ? [node.binding] : [],
  );
  return unbound.map((binding) => `CLUSTER names the bucket ${binding}, which no [[r2_buckets]] binds.`);
}
