import {
  ErasureCode,
  err,
  foundPlacement,
  ok,
  parseClusterConfiguration,
  type ClusterFault,
  type CodeParameters,
  type ConfiguredCluster,
  type ConfiguredNode,
  type ErasureKernel,
  type Placement,
  type Result,
  type UnreadableCluster,
} from '../core/index.ts';
import { ReadTimes, TransferMemory, type ClusterNodes, type StorageNode, type Timer } from '../relay/index.ts';
import type { NodeOptions } from './node-options.ts';
import { PeerNode, type RelaySigner } from './peer-node.ts';
import { R2Node } from './r2-node.ts';
import { S3Node } from './s3-node.ts';

export interface ClusterSurroundings extends NodeOptions {
  /** Bindings and variables, by name: buckets, and the secrets of S3 stores. */
  readonly environment: Readonly<Record<string, unknown>>;
  /** The relay's key at its peers. */
  readonly signer: RelaySigner;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Opened when the first blob is written or read, and kept. */
  readonly openKernel: () => ErasureKernel;
}

/** A cluster that was opened from its configuration: what does not change while this version of the worker runs. */
export interface OpenedNodes {
  readonly configuration: ConfiguredCluster;
  /** As one call sees it, with these placements, the one in force last. Without any, the first of this configuration. */
  clusterWith(placements?: readonly Placement[]): ClusterNodes;
}

/** Opens the nodes that `CLUSTER` names (`SC13`). Nothing is asked of them yet. */
export function openNodes(text: string, surroundings: ClusterSurroundings): Result<OpenedNodes, ClusterFault> {
  const configuration = parseClusterConfiguration(text);
  if (!configuration.ok) return configuration;
  const nodes = new Map<string, StorageNode>();
  for (const node of configuration.value.nodes) {
    const opened = openNode(node, surroundings);
    if (opened === undefined) return err(badNode(node));
    nodes.set(node.name, opened);
  }
  const codeFor = codesOf(surroundings.openKernel);
  const readTimes = new ReadTimes();
  const memory = new TransferMemory();
  const founded = foundPlacement(configuration.value.founding);
  return ok({
    configuration: configuration.value,
    clusterWith: (placements = [founded]) => ({
      placement: placements.at(-1) ?? founded,
      placementOf: (number) => placements.find((placement) => placement.number === number),
      node: (name) => nodes.get(name),
      code: codeFor,
      readTimes,
      memory,
      clock: surroundings.clock,
      startTimer,
    }),
  });
}

/** Undefined where something that the node needs is not there. */
function openNode(node: ConfiguredNode, surroundings: ClusterSurroundings): StorageNode | undefined {
  const { environment, clock, timeoutMs, signer, randomBytes } = surroundings;
  const options = { clock, ...(timeoutMs !== undefined && { timeoutMs }) };
  try {
    switch (node.kind) {
      case 'r2': {
        const bucket = environment[node.binding] as R2Bucket | undefined;
        return typeof bucket?.put === 'function' ? new R2Node({ ...options, bucket }) : undefined;
      }
      case 's3': {
        const secretAccessKey = environment[node.secretAccessKey];
        if (typeof secretAccessKey !== 'string' || secretAccessKey === '') return undefined;
        return new S3Node({ ...options, ...node, secretAccessKey });
      }
      case 'peer':
        return new PeerNode({ ...options, origin: node.origin, signer, randomBytes });
    }
  } catch (error) {
    // An address that is none after all.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function badNode({ name, kind }: ConfiguredNode): UnreadableCluster {
  const title = {
    r2: 'The bucket that the node names is not bound.',
    s3: 'The endpoint is no address, or the variable for its secret is not set.',
    peer: 'The origin is no address.',
  }[kind];
  return { code: 'invalid-cluster', rule: 'bad-node', title, nodes: [name] };
}

/** Codes by their parameters: there are as many as placements had different ones. */
function codesOf(openKernel: () => ErasureKernel): (parameters: CodeParameters) => ErasureCode {
  const codes = new Map<string, ErasureCode>();
  let kernel: ErasureKernel | undefined;
  return ({ dataShards, totalShards }) => {
    const name = `${dataShards}/${totalShards}`;
    const code = codes.get(name) ?? new ErasureCode((kernel ??= openKernel()), { dataShards, totalShards });
    codes.set(name, code);
    return code;
  };
}

function startTimer(ms: number): Timer {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const over = new Promise<void>((resolve) => {
    // eslint-disable-next-line no-restricted-globals -- pending only while nodes are asked, so an idle object still sleeps
    timer = setTimeout(resolve, ms);
  });
  return { over, cancel: () => clearTimeout(timer) };
}
