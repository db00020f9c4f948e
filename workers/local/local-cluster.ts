import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  explainClusterFault,
  parseClusterConfiguration,
  secretsOf,
  type ClusterFault,
  type ConfiguredCluster,
} from '../../core/index.ts';
import { LocalRelayError } from './local-relay-error.ts';
import { writeOwnFile } from './write-file.ts';

/** The storage nodes of a local relay: buckets of this machine, each a folder under `storage/r2/`. */
export interface ClusterShape {
  /** With a slot. */
  readonly nodes: number;
  readonly dataShards: number;
  /** Nodes that can take another's place. */
  readonly spares: number;
}

/** A cluster whose nodes are not all of this machine: the text of a `CLUSTER` variable, whose buckets are this machine's. */
export interface ClusterText {
  readonly text: string;
}

/** The cluster of a local relay, either way. */
export type LocalCluster = ClusterShape | ClusterText;

/** What the worker is told. */
export interface ClusterBindings {
  /** Its CLUSTER variable. */
  readonly variable: string;
  /** The bucket of each binding that it names. */
  readonly r2Buckets: Readonly<Record<string, string>>;
  /** Variables with the secrets that it names. */
  readonly secrets: Readonly<Record<string, string>>;
}

const DEFAULT_SHAPE: ClusterShape = { nodes: 6, dataShards: 4, spares: 1 };
/** All buckets of a machine fail with it. */
const DOMAIN = 'this-machine';

/**
 * The cluster of a folder: the wanted one, which is kept for the next start, or the one that it was last started with. Secrets are
 * taken from the environment, and kept nowhere. Needs the folder's lock. Throws `invalid-cluster`.
 */
export function openCluster(
  folder: string,
  wanted: LocalCluster | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): ClusterBindings {
  const path = clusterFilePath(folder);
  const cluster = wanted ?? readClusterFile(folder) ?? DEFAULT_SHAPE;
  const bindings = 'text' in cluster ? bindingsOfText(cluster.text, environment) : bindingsOfShape(cluster);
  if (!existsSync(path) || wanted !== undefined) {
    writeOwnFile(path, 'text' in cluster ? cluster.text : `${JSON.stringify(cluster)}\n`);
  }
  return bindings;
}

/** Undefined where no relay has run in the folder. Any other cluster in the place of one that can't be read would have all blobs move. */
function readClusterFile(folder: string): LocalCluster | undefined {
  const path = clusterFilePath(folder);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  const cluster = parseClusterFile(text);
  if (cluster !== undefined) return cluster;
  const todo = 'Mend it, or say which nodes there are: --nodes and --data, or --cluster FILE.';
  throw new LocalRelayError({ code: 'invalid-cluster', title: `${path} names no nodes that can be read.`, todo });
}

function parseClusterFile(text: string): LocalCluster | undefined {
  try {
    const { nodes, dataShards, spares } = JSON.parse(text) as ClusterShape;
    if (Array.isArray(nodes)) return { text };
    return [nodes, dataShards, spares].every(Number.isSafeInteger) ? { nodes, dataShards, spares } : undefined;
  } catch {
    return undefined;
  }
}

/** Where the bytes of a node's objects lie, one file each. */
export function nodeFolder(folder: string, node: string): string {
  return join(folder, 'storage', 'r2', bucketOf(node));
}

function bindingsOfShape(shape: ClusterShape): ClusterBindings {
  const configuration = configurationOf(shape);
  const variable = JSON.stringify(configuration);
  // As the worker will read it, which would go on without nodes.
  const parsed = parseClusterConfiguration(variable);
  if (!parsed.ok) throw refusalOf(parsed.error);
  return { variable, r2Buckets: bucketsOf(configuration.nodes), secrets: {} };
}

function bindingsOfText(text: string, environment: Readonly<Record<string, string | undefined>>): ClusterBindings {
  const parsed = parseClusterConfiguration(text);
  if (!parsed.ok) throw refusalOf(parsed.error);
  const secrets = Object.fromEntries(secretsOf(parsed.value).map((name) => [name, environment[name] ?? '']));
  const unset = Object.keys(secrets).filter((name) => secrets[name] === '');
  if (unset.length > 0) {
    const title = `Nodes need secrets that the environment does not have: ${unset.join(', ')}`;
    const todo = `Set each, and start again as before: ${unset.map((name) => `export ${name}=…`).join('; ')}`;
    throw new LocalRelayError({ code: 'invalid-cluster', title, todo });
  }
  return { variable: text, r2Buckets: bucketsOf(boundNodes(parsed.value)), secrets };
}

function refusalOf(fault: ClusterFault): LocalRelayError {
  const { found, todo } = explainClusterFault(fault);
  return new LocalRelayError({ code: 'invalid-cluster', title: found, todo });
}

function boundNodes({ nodes }: ConfiguredCluster): { readonly name: string; readonly binding: string }[] {
  return nodes.flatMap((node) => (node.kind === 'r2' ? [node] : []));
}

function bucketsOf(nodes: readonly { readonly name: string; readonly binding: string }[]): Record<string, string> {
  return Object.fromEntries(nodes.map(({ binding, name }) => [binding, bucketOf(name)]));
}

function configurationOf({ nodes, dataShards, spares }: ClusterShape) {
  const all = nodesOf(nodes + spares).map((node, index) => ({ ...node, ...(index >= nodes && { spare: true }) }));
  return { dataShards, allowsSharedDomains: true, nodes: all };
}

function nodesOf(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    name: `node-${index}`,
    domain: DOMAIN,
    kind: 'r2',
    binding: `NODE_${index}`,
  }));
}

function bucketOf(node: string): string {
  return `terachat-${node}`;
}

function clusterFilePath(folder: string): string {
  return join(folder, 'cluster.json');
}
