import {
  checkCluster,
  err,
  ok,
  type Cluster,
  type ClusterConfiguration,
  type ClusterRefusal,
  type Result,
} from '../core/index.ts';
import type { PlaceableNode } from '../relay/index.ts';

/** A node as `CLUSTER` names it: what it is, where it is, and with whom it fails. */
export type ConfiguredNode = PlaceableNode & NodeAddress;

/** All nodes that are configured, and the cluster that those without the spares are. */
export interface ConfiguredCluster extends ClusterConfiguration<ConfiguredNode> {
  readonly founding: Cluster<ConfiguredNode>;
}

/** Secrets are named, and held by variables of their own. */
export type NodeAddress =
  | { readonly kind: 'r2'; readonly binding: string }
  | {
      readonly kind: 's3';
      readonly endpoint: string;
      readonly bucket: string;
      readonly region: string;
      readonly accessKeyId: string;
      /** Name of the variable that holds it. */
      readonly secretAccessKey: string;
    }
  | { readonly kind: 'peer'; readonly origin: string };

/** What is wrong with the variable, in words for the operator. */
export interface UnreadableCluster {
  readonly code: 'invalid-cluster';
  readonly rule: 'not-json' | 'bad-node';
  readonly title: string;
  readonly nodes: readonly string[];
}

export type ClusterFault = ClusterRefusal | UnreadableCluster;

const FIELDS: Readonly<Record<ConfiguredNode['kind'], readonly string[]>> = {
  r2: ['binding'],
  s3: ['endpoint', 'bucket', 'region', 'accessKeyId', 'secretAccessKey'],
  peer: ['origin'],
};

/**
 * Reads the `CLUSTER` variable: JSON of `nodes`, `dataShards` and `allowsSharedDomains` (`SC13`). A node with `spare` has no slot
 * until it takes another's place (`CR4`). Refuses what can't be understood,
 * and what breaks a rule of clusters.
 */
export function parseClusterConfiguration(text: string): Result<ConfiguredCluster, ClusterFault> {
  const parsed = parseJson(text);
  const { nodes, dataShards, allowsSharedDomains = false } = parsed ?? {};
  if (!Array.isArray(nodes) || typeof dataShards !== 'number' || typeof allowsSharedDomains !== 'boolean') {
    return err({ code: 'invalid-cluster', rule: 'not-json', title: SHAPE, nodes: [] });
  }
  const misshapen = nodes.filter((node: unknown) => !isConfiguredNode(node));
  if (misshapen.length > 0) {
    return err({ code: 'invalid-cluster', rule: 'bad-node', title: NODE_SHAPE, nodes: misshapen.map(nameOf) });
  }
  const configuration = { nodes, dataShards, allowsSharedDomains } as ClusterConfiguration<ConfiguredNode>;
  const all = configuration.nodes;
  const founding = checkCluster({ ...configuration, nodes: all.filter(({ spare }) => spare !== true) });
  if (!founding.ok) return founding;
  // Spares have no slot yet, and names all the same.
  const named = checkCluster({ nodes: all, dataShards: 1, allowsSharedDomains: true });
  return named.ok ? ok({ ...configuration, founding: founding.value }) : named;
}

const SHAPE = 'CLUSTER is JSON: nodes, dataShards, and allowsSharedDomains where nodes share failure domains.';
const NODE_SHAPE =
  'A node has name, domain, spare where it is one, and kind: r2 with binding; s3 with endpoint, bucket, region, accessKeyId and the name of the variable ' +
  'that holds secretAccessKey; or peer with origin.';

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isConfiguredNode(node: unknown): boolean {
  const fields = (typeof node === 'object' && node !== null ? node : {}) as Readonly<Record<string, unknown>>;
  const { kind } = fields;
  const wanted =
    typeof kind === 'string' && Object.hasOwn(FIELDS, kind) ? FIELDS[kind as ConfiguredNode['kind']] : undefined;
  if (fields['spare'] !== undefined && typeof fields['spare'] !== 'boolean') return false;
  return wanted !== undefined && ['name', 'domain', ...wanted].every((field) => typeof fields[field] === 'string');
}

function nameOf(node: unknown): string {
  const name = (node as { readonly name?: unknown } | null)?.name;
  return typeof name === 'string' ? name : '?';
}
