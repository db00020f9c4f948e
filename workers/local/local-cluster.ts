import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkCluster } from '../../core/index.ts';
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

const DEFAULT_SHAPE: ClusterShape = { nodes: 6, dataShards: 4, spares: 1 };
/** All buckets of a machine fail with it. */
const DOMAIN = 'this-machine';

/**
 * The cluster of a folder: the wanted one, which is kept for the next start, or the one that it was last started with. Needs the
 * folder's lock. Throws `cluster-invalid`.
 */
export function openClusterFile(folder: string, wanted: ClusterShape | undefined): ClusterShape {
  const path = clusterFilePath(folder);
  const shape = wanted ?? readClusterFile(folder) ?? DEFAULT_SHAPE;
  const named = { ...configurationOf(shape), nodes: nodesOf(shape.nodes) };
  const checked = checkCluster(named);
  if (!checked.ok) throw new LocalRelayError({ code: 'cluster-invalid', title: checked.error.title });
  if (!existsSync(path) || wanted !== undefined) writeOwnFile(path, `${JSON.stringify(shape)}\n`);
  return shape;
}

/** Undefined where no relay has run in the folder. */
export function readClusterFile(folder: string): ClusterShape | undefined {
  try {
    const { nodes, dataShards, spares } = JSON.parse(readFileSync(clusterFilePath(folder), 'utf8')) as ClusterShape;
    return [nodes, dataShards, spares].every(Number.isSafeInteger) ? { nodes, dataShards, spares } : undefined;
  } catch {
    return undefined;
  }
}

/** What the worker is told: its CLUSTER variable, and the bucket of each binding that it names. */
export function clusterBindings(shape: ClusterShape): {
  readonly variable: string;
  readonly r2Buckets: Readonly<Record<string, string>>;
} {
  const configuration = configurationOf(shape);
  return {
    variable: JSON.stringify(configuration),
    r2Buckets: Object.fromEntries(configuration.nodes.map(({ binding, name }) => [binding, bucketOf(name)])),
  };
}

/** Where the bytes of a node's objects lie, one file each. */
export function nodeFolder(folder: string, node: string): string {
  return join(folder, 'storage', 'r2', bucketOf(node));
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
