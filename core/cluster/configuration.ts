import { MAX_BLOB_SHARDS } from '../blob/index.ts';
import type { Brand } from '../bytes/index.ts';
import { err, ok, type Result } from '../result.ts';
import { faultsBorneBy, mostDataShards } from './quorum.ts';

/** With fewer, no node at all may fail (`SC1`). */
export const MIN_CLUSTER_NODES = 4;
/** A blob has a shard for each node. */
export const MAX_CLUSTER_NODES = MAX_BLOB_SHARDS;
/** A node's name, and that of its failure domain. */
export const MAX_NODE_NAME_BYTES = 64;

/** A storage node, as far as placing shards is concerned. */
export interface ClusterNode {
  /** Stays with the node for good: placements name it. */
  readonly name: string;
  /** What fails at one time: an account, a provider's region, a machine. */
  readonly domain: string;
}

/** What an operator asks for. The nodes may say more of themselves than is looked at here. */
export interface ClusterConfiguration<N extends ClusterNode = ClusterNode> {
  readonly nodes: readonly N[];
  /** k: with any k of its shards a blob is read. */
  readonly dataShards: number;
  /** The operator knows that nodes of one domain fail together, and that the bound of faults counts each of them. */
  readonly allowsSharedDomains: boolean;
}

/** A configuration that keeps all rules of clusters. */
export type Cluster<N extends ClusterNode = ClusterNode> = Brand<ClusterConfiguration<N>, 'Cluster'>;

/** The rules, in the order in which they are asked, and what breaking one means. */
export const clusterRules = {
  'node-name': 'Names of nodes and failure domains are 1 to 64 characters of visible ASCII.',
  'same-name': 'Each node has a name of its own.',
  'shared-domain': 'Nodes of one failure domain fail together: place them apart, or allow it in the configuration.',
  'too-few-nodes': 'A cluster has at least 4 nodes: with fewer, none of them may fail.',
  'too-many-nodes': 'A cluster has at most 64 nodes.',
  'data-shards':
    'With f = ⌊(n−1)/3⌋ of n nodes failing at writing and f others at reading, 1 to n−2f data shards can be read back.',
} as const;

/** Which rule a configuration breaks. */
export type ClusterRule = keyof typeof clusterRules;

/** A configuration that is near and keeps all rules: these nodes, and as many more in domains of their own. */
export interface ClusterSuggestion {
  readonly nodes: readonly string[];
  readonly nodesToAdd: number;
  readonly dataShards: number;
}

/** No relay starts with such a cluster (`SC3`). */
export interface ClusterRefusal {
  readonly code: 'invalid-cluster';
  readonly rule: ClusterRule;
  readonly title: string;
  /** The nodes that break the rule, where it is some of them. */
  readonly nodes: readonly string[];
  readonly suggestion: ClusterSuggestion;
}

/** Takes a configuration or says which rule it breaks, and what would be near and valid (`SC1` to `SC3`). */
export function checkCluster<N extends ClusterNode>(
  configuration: ClusterConfiguration<N>,
): Result<Cluster<N>, ClusterRefusal> {
  const fault = findFault(configuration);
  if (fault === undefined) return ok(configuration as Cluster<N>);
  const { rule, nodes = [] } = fault;
  const title = clusterRules[rule];
  return err({ code: 'invalid-cluster', rule, title, nodes, suggestion: suggestCluster(configuration) });
}

/** Domains whose failure alone is past the bound, which only a configuration that allows sharing has. */
export function fragileDomains({ nodes }: Cluster): string[] {
  const counts = new Map<string, number>();
  for (const { domain } of nodes) counts.set(domain, (counts.get(domain) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > faultsBorneBy(nodes.length)).map(([domain]) => domain);
}

function findFault(configuration: ClusterConfiguration): { rule: ClusterRule; nodes?: string[] } | undefined {
  const { nodes, dataShards, allowsSharedDomains } = configuration;
  const misnamed = nodes.filter((node) => !hasNames(node)).map(({ name }) => name);
  if (misnamed.length > 0) return { rule: 'node-name', nodes: misnamed };
  const namesakes = repeated(nodes, ({ name }) => name);
  if (namesakes.length > 0) return { rule: 'same-name', nodes: namesakes };
  const neighbours = repeated(nodes, ({ domain }) => domain);
  if (neighbours.length > 0 && !allowsSharedDomains) return { rule: 'shared-domain', nodes: neighbours };
  if (nodes.length < MIN_CLUSTER_NODES) return { rule: 'too-few-nodes' };
  if (nodes.length > MAX_CLUSTER_NODES) return { rule: 'too-many-nodes' };
  return isDataShards(dataShards, nodes.length) ? undefined : { rule: 'data-shards' };
}

/** As many of the nodes as may be together, and the k that was asked for where it is possible with them. */
function suggestCluster({ nodes, dataShards, allowsSharedDomains }: ClusterConfiguration): ClusterSuggestion {
  const named = distinct(nodes.filter(hasNames), ({ name }) => name);
  const apart = allowsSharedDomains ? named : distinct(named, ({ domain }) => domain);
  const kept = apart.slice(0, MAX_CLUSTER_NODES).map(({ name }) => name);
  const totalShards = Math.max(kept.length, MIN_CLUSTER_NODES);
  return {
    nodes: kept,
    nodesToAdd: totalShards - kept.length,
    dataShards: isDataShards(dataShards, totalShards) ? dataShards : mostDataShards(totalShards),
  };
}

function isDataShards(dataShards: number, totalShards: number): boolean {
  return Number.isInteger(dataShards) && dataShards >= 1 && dataShards <= mostDataShards(totalShards);
}

function hasNames({ name, domain }: ClusterNode): boolean {
  return isName(name) && isName(domain);
}

function isName(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text) && text.length <= MAX_NODE_NAME_BYTES;
}

/** The first of those that have the same key. */
function distinct<N extends ClusterNode>(nodes: readonly N[], keyOf: (node: N) => string): N[] {
  const first = new Map<string, N>();
  for (const node of nodes) if (!first.has(keyOf(node))) first.set(keyOf(node), node);
  return [...first.values()];
}

/** The names of all whose key another one has. */
export function repeated<N extends ClusterNode>(nodes: readonly N[], keyOf: (node: N) => string): string[] {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(keyOf(node), (counts.get(keyOf(node)) ?? 0) + 1);
  return nodes.filter((node) => (counts.get(keyOf(node)) ?? 0) > 1).map(({ name }) => name);
}
