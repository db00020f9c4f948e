import { err, ok, type Result } from '../result.ts';
import {
  checkCluster,
  repeated,
  type Cluster,
  type ClusterConfiguration,
  type ClusterNode,
  type ClusterRefusal,
} from './configuration.ts';

/** A node as `CLUSTER` names it: what it is, where it is, and with whom it fails. */
export type ConfiguredNode = ClusterNode & NodeAddress & { readonly spare?: boolean };

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

/** Rules of how nodes are written down, in the order in which they are asked, and what breaking one means. */
export const nodeRules = {
  'not-json': 'CLUSTER is JSON: nodes, dataShards, and allowsSharedDomains where nodes share failure domains.',
  'bad-node':
    'A node has name, domain, spare where it is one, and kind: r2 with binding; s3 with endpoint, bucket, region, accessKeyId and the name of ' +
    'the variable that holds secretAccessKey; or peer with origin.',
  'bad-address': 'What goes to a node is somebody’s message: an address is https, or on this machine.',
  'secret-in-text':
    'secretAccessKey is the name of a variable, such as NODE_3_SECRET: the secret itself never stands in CLUSTER.',
  'same-store': 'Each node has a store of its own: what one of two in the same store deletes is gone for both.',
} as const;

/** What is wrong with the variable, in words for the operator. */
export interface UnreadableCluster {
  readonly code: 'invalid-cluster';
  readonly rule: keyof typeof nodeRules;
  readonly title: string;
  readonly nodes: readonly string[];
}

/** Why a configuration opens nothing. */
export type ClusterFault = ClusterRefusal | UnreadableCluster;

const FIELDS: Readonly<Record<ConfiguredNode['kind'], readonly string[]>> = {
  r2: ['binding'],
  s3: ['endpoint', 'bucket', 'region', 'accessKeyId', 'secretAccessKey'],
  peer: ['origin'],
};

/**
 * Reads the `CLUSTER` variable: JSON of `nodes`, `dataShards` and `allowsSharedDomains` (`SC13`). A node with `spare` has no slot
 * until it takes another's place (`CR4`). Refuses what can't be understood, and what breaks a rule of clusters.
 */
export function parseClusterConfiguration(text: string): Result<ConfiguredCluster, ClusterFault> {
  const parsed = parseJson(text);
  const { nodes, dataShards, allowsSharedDomains = false } = parsed ?? {};
  if (!Array.isArray(nodes) || typeof dataShards !== 'number' || typeof allowsSharedDomains !== 'boolean') {
    return unreadable('not-json', []);
  }
  const misshapen = nodes.filter((node: unknown) => !isConfiguredNode(node));
  if (misshapen.length > 0) return unreadable('bad-node', misshapen.map(nameOf));
  const configuration = { nodes, dataShards, allowsSharedDomains } as ClusterConfiguration<ConfiguredNode>;
  const all = configuration.nodes;
  const fault = findFault(all);
  if (fault !== undefined) return fault;
  const founding = checkCluster({ ...configuration, nodes: all.filter(({ spare }) => spare !== true) });
  if (!founding.ok) return founding;
  // Spares have no slot yet, and names all the same.
  const named = checkCluster({ nodes: all, dataShards: 1, allowsSharedDomains: true });
  return named.ok ? ok({ ...configuration, founding: founding.value }) : named;
}

/** Names of the variables that hold secrets of these nodes: Worker secrets, in a deployment. */
export function secretsOf({ nodes }: ClusterConfiguration<ConfiguredNode>): string[] {
  return [...new Set(nodes.flatMap((node) => (node.kind === 's3' ? [node.secretAccessKey] : [])))];
}

function findFault(nodes: readonly ConfiguredNode[]): Result<never, UnreadableCluster> | undefined {
  const open = nodes.filter((node) => !hasSecureAddress(node));
  if (open.length > 0) return unreadable('bad-address', open.map(nameOf));
  // Keys of S3 stores have lower case, a slash or a plus.
  const telling = nodes.filter((node) => node.kind === 's3' && !/^[A-Z][A-Z0-9_]{0,63}$/.test(node.secretAccessKey));
  if (telling.length > 0) return unreadable('secret-in-text', telling.map(nameOf));
  const sharing = repeated(nodes, storeOf);
  return sharing.length > 0 ? unreadable('same-store', sharing) : undefined;
}

function unreadable(rule: UnreadableCluster['rule'], nodes: readonly string[]): Result<never, UnreadableCluster> {
  return err({ code: 'invalid-cluster', rule, title: nodeRules[rule], nodes });
}

const HTTPS = /^https:\/\/[a-z\d.-]+(:\d{1,5})?(\/[\w./~-]*)?$/i;
const ON_THIS_MACHINE = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d{1,5})?(\/[\w./~-]*)?$/i;

function hasSecureAddress(node: ConfiguredNode): boolean {
  if (node.kind === 'r2') return true;
  const address = node.kind === 's3' ? node.endpoint : node.origin;
  return HTTPS.test(address) || ON_THIS_MACHINE.test(address);
}

function storeOf(node: ConfiguredNode): string {
  switch (node.kind) {
    case 'r2':
      return `r2 ${node.binding}`;
    case 's3':
      return `s3 ${asWritten(node.endpoint)}/${node.bucket}`;
    case 'peer':
      // Nothing behind the authority is asked for.
      return `peer ${asWritten(node.origin).split('/')[0]}`;
  }
}

/** Authority and path in the one spelling of many: without the scheme, its own port, a dot at the end of the name, or slashes at the end. */
function asWritten(address: string): string {
  const [, scheme, name = '', port = '', path = ''] = ADDRESS.exec(address.toLowerCase()) ?? [];
  const isOwn = port === '' || Number(port) === (scheme === 'https' ? 443 : 80);
  return `${name}${isOwn ? '' : `:${Number(port)}`}${path.replace(/\/+$/, '')}`;
}

const ADDRESS = /^(https?):\/\/(\[::1\]|[^/:]*?)\.*(?::(\d+))?(\/.*)?$/;

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
