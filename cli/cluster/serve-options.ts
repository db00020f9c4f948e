import { existsSync, readFileSync } from 'node:fs';
import {
  checkCluster,
  explainClusterFault,
  MAX_CLUSTER_NODES,
  mostDataShards,
  parseClusterConfiguration,
} from '../../core/index.ts';
import type { ClusterShape, LocalCluster } from '../../workers/local.ts';
import { Failure } from '../failure.ts';
import { DEFAULT_RELAY_FOLDER } from '../options.ts';

/** What `serve` is told of where bytes lie. */
export interface StorageOptions {
  /** A folder; and with `nodes` a number besides or instead, of shards that hold data. */
  readonly data?: readonly string[];
  readonly nodes?: number;
  readonly cluster?: string;
  readonly spares?: number;
}

const DEFAULT_SPARES = 1;

/** `--data` names the folder, as ever; beside `--nodes` a number is k. Given twice it can say both. */
export function clusterAndFolder({ data = [], nodes, cluster, spares }: StorageOptions): {
  readonly folder: string;
  readonly cluster?: LocalCluster;
} {
  const folder = data.findLast((text) => !isNumber(text)) ?? DEFAULT_RELAY_FOLDER;
  const asked = data.findLast(isNumber);
  if (nodes === undefined) {
    if (asked !== undefined) throw contradiction(`--data ${asked} is a number of shards only beside --nodes.`, asked);
    if (spares !== undefined) throw contradiction('--spares is for --nodes.');
    return cluster === undefined ? { folder } : { folder, cluster: { text: readCluster(cluster) } };
  }
  if (cluster !== undefined) throw contradiction('Both --nodes and --cluster say which nodes there are.');
  const dataShards = asked === undefined ? Math.max(1, mostDataShards(nodes)) : Number(asked);
  const shape = {
    nodes,
    dataShards,
    spares: spares ?? Math.min(DEFAULT_SPARES, Math.max(0, MAX_CLUSTER_NODES - nodes)),
  };
  checkShape(shape);
  return { folder, cluster: shape };
}

/** Also one that can be no k, so that no folder is made of a slip. */
function isNumber(text: string): boolean {
  return /^[+-]?[\d.]*\d$/.test(text);
}

function contradiction(message: string, folder?: string): Failure {
  const otherwise = folder === undefined ? '' : `\n  A folder that is called so: --data ./${folder}`;
  return new Failure(
    'usage',
    'cluster-what',
    message,
    `Either terachat serve --nodes 6 --data 4, or --cluster FILE.${otherwise}`,
  );
}

function checkShape({ nodes, dataShards, spares }: ClusterShape): void {
  const named = Array.from({ length: nodes }, (_, index) => ({ name: `node-${index}`, domain: `domain-${index}` }));
  const checked = checkCluster({ nodes: named, dataShards, allowsSharedDomains: true });
  if (!checked.ok) {
    const { code, title, suggestion } = checked.error;
    const near = `--nodes ${suggestion.nodes.length + suggestion.nodesToAdd} --data ${suggestion.dataShards}`;
    throw new Failure('usage', code, title, `This is valid: terachat serve ${near}`);
  }
  if (nodes + spares <= MAX_CLUSTER_NODES) return;
  const near = `--nodes ${nodes} --data ${dataShards} --spares ${MAX_CLUSTER_NODES - nodes}`;
  const message = `A cluster has at most ${MAX_CLUSTER_NODES} nodes, its spares among them.`;
  throw new Failure('usage', 'invalid-cluster', message, `This is valid: terachat serve ${near}`);
}

/** Refused here what would be refused at the start, which takes longer. */
function readCluster(path: string): string {
  const text = readText(path);
  try {
    JSON.parse(text);
  } catch (cause) {
    throw clusterFile(path, `is no JSON: ${(cause as SyntaxError).message}`);
  }
  const parsed = parseClusterConfiguration(text);
  if (parsed.ok) return text;
  const { found, todo } = explainClusterFault(parsed.error);
  throw new Failure('usage', parsed.error.code, found, todo);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw clusterFile(path, existsSync(path) ? "can't be read" : 'is not there');
  }
}

function clusterFile(path: string, what: string): Failure {
  return new Failure('usage', 'cluster-file', `${path} ${what}.`, 'It has what CLUSTER of wrangler.toml would have.');
}
