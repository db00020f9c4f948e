import { randomFillSync } from 'node:crypto';
import {
  decodeTrusted,
  explainClusterFault,
  placementCodec,
  type ClusterStatus,
  type Placement,
  type Result,
} from '../../core/index.ts';
import type { BlobReport, Caller, ClusterNodes, RelayRefusal } from '../../relay/index.ts';
import { openNodes, type OpenedNodes } from '../../storage/index.ts';
import { openWorkerdKernel } from './erasure-kernel.ts';
import { nodeKeyOf, type RelayEnvironment } from './environment.ts';
import { reportIncident } from './incident.ts';

interface Opened {
  readonly text: string;
  readonly nodes: OpenedNodes | undefined;
  /** Why there are none, where there should be. */
  readonly fault: string | undefined;
}

/** One for each isolate and configuration: nodes, kernel and measured times are shared by all that it serves. */
let opened: Opened | undefined;

/** The nodes of this deployment; undefined where it has no cluster, or one that can't be used, which its log says once. */
export function openedNodes(env: RelayEnvironment): OpenedNodes | undefined {
  return openedOnce(env).nodes;
}

/** What is wrong with `CLUSTER`, in words for operators and nobody else; undefined where nothing is. */
export function clusterFaultOf(env: RelayEnvironment): string | undefined {
  return openedOnce(env).fault;
}

function openedOnce(env: RelayEnvironment): Opened {
  const text = env.CLUSTER ?? '';
  if (opened?.text !== text) opened = { text, ...open(text, env) };
  return opened;
}

/**
 * The cluster for one call, with the placement that is in force as far as is known; undefined where there is none. `placement` is the
 * number of one that somebody else knows already: where it is unknown here, the keeper is asked.
 */
export async function clusterOf(env: RelayEnvironment, placement?: number): Promise<ClusterNodes | undefined> {
  const nodes = openedNodes(env);
  const placements = nodes && (await placementsOf(env));
  if (placements === undefined) return undefined;
  const isKnown = (number: number): boolean => placements.some((one) => one.number === number);
  if (placement !== undefined && !isKnown(placement)) {
    forgetPlacements();
    return nodes?.clusterWith(await placementsOf(env));
  }
  const cluster = nodes?.clusterWith(placements);
  return cluster && { ...cluster, placementOf: (number) => cluster.placementOf(number) ?? renewed() };
}

/** A row may be newer than what is known in this isolate: whoever comes back knows better. */
function renewed(): undefined {
  forgetPlacements();
}

/** The one object that keeps a deployment's cluster. */
export function keeperOf({ KEEPER }: RelayEnvironment): RemoteKeeper {
  return KEEPER.getByName(KEEPER_NAME);
}

/** The next call asks the keeper again which placement is in force. */
export function forgetPlacements(): void {
  known = known && { ...known, askedAt: -Infinity };
}

const KEEPER_NAME = 'cluster';
/** How long a change may go unnoticed. What is placed by an older one meanwhile is moved like all that came before. */
const PLACEMENTS_KEPT_MS = 30_000;

/** The keeper's methods as a stub gives them: the platform's own mapping would turn a refusal, which may carry anything, into `never`. */
export interface RemoteKeeper {
  placements(): Promise<Uint8Array[]>;
  report(chain: string, report: BlobReport): Promise<number>;
  take(bytes: number): Promise<number>;
  glance(): Promise<ClusterStatus | undefined>;
  status(caller: Caller): Promise<Result<ClusterStatus, RelayRefusal>>;
  scrub(caller: Caller): Promise<Result<ClusterStatus, RelayRefusal>>;
  replace(caller: Caller, node: string, replacement?: string): Promise<Result<ClusterStatus, RelayRefusal>>;
}

/** What the keeper said last. Values, no promise: what one request waits for, another must not. */
let known: { readonly askedAt: number; readonly placements: readonly Placement[] } | undefined;

async function placementsOf(env: RelayEnvironment): Promise<readonly Placement[]> {
  const askedAt = Date.now();
  if (known !== undefined && Math.abs(askedAt - known.askedAt) < PLACEMENTS_KEPT_MS) return known.placements;
  try {
    const encoded = await keeperOf(env).placements();
    known = { askedAt, placements: encoded.map((bytes) => decodeTrusted(placementCodec, bytes)) };
  } catch (error) {
    // While the keeper can't be asked it calls no node drained: what is placed by an older number is found and moved later.
    if (known === undefined) throw error;
  }
  return known.placements;
}

function open(text: string, env: RelayEnvironment): Omit<Opened, 'text'> {
  const key = nodeKeyOf(env);
  if (text === '' || key === undefined) return { nodes: undefined, fault: undefined };
  const nodes = openNodes(text, {
    environment: { ...env },
    clock: () => Date.now(),
    signer: { actor: key.publicKey, sign: key.sign },
    randomBytes: (length) => randomFillSync(new Uint8Array(length)),
    openKernel: openWorkerdKernel,
  });
  if (nodes.ok) return { nodes: nodes.value, fault: undefined };
  const { found, todo } = explainClusterFault(nodes.error);
  const fault = [`${nodes.error.rule}: ${found}`, todo].filter((part) => part !== undefined).join(' ');
  reportIncident('invalid-cluster', new Error(fault));
  return { nodes: undefined, fault };
}
