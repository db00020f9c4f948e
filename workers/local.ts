import { join } from 'node:path';
import type * as MiniflarePackage from 'miniflare';
import type { V4WorkerOptions } from 'miniflare';
import { leavingSignalsToCaller } from './local/caller-signals.ts';
import { FolderLock } from './local/folder-lock.ts';
import { openCluster, type ClusterBindings, type LocalCluster } from './local/local-cluster.ts';
import { LocalRelayError } from './local/local-relay-error.ts';
import { openPinnedRegistry } from './local/pinned-registry.ts';
import { openOperatorKey } from './local/operator-key.ts';
import { portTaken, requireFreePort } from './local/ports.ts';
import { openRelayFile, type RelayIdentity } from './local/relay-file.ts';
import { RuntimeWatch } from './local/runtime-watch.ts';
import { relayBundle, type WorkerBundle } from './local/worker-bundle.ts';
import { readWorkerOptions } from './local/worker-modules.ts';

export {
  inspectDeployment,
  LIFECYCLE_DAYS,
  LIFECYCLE_PREFIX,
  LIFECYCLE_RULE,
  lifecycleRuleIn,
  type BucketReport,
  type DeploymentReport,
} from './local/deployed-buckets.ts';
export { inspectRelayFolder } from './local/inspect-folder.ts';
export { nodeFolder, type ClusterShape, type LocalCluster } from './local/local-cluster.ts';
export { readOperatorSeed } from './local/operator-key.ts';
export { LocalRelayError, type LocalRelayProblem } from './local/local-relay-error.ts';
export { spawnRelay, type SpawnedRelay } from './local/spawn-relay.ts';
export { buildWorker, relayBundle, type WorkerBundle } from './local/worker-bundle.ts';
export { bundledFiles } from './local/worker-modules.ts';

export interface LocalRelayOptions {
  /** Holds `relay.json` (name and key), `relay.lock` and `storage/`; made where it is missing. */
  readonly folder: string;
  /** 0 for one that the system chooses. */
  readonly port: number;
  /** Where to listen; this machine alone by default. */
  readonly host?: string;
  /** The relay's name, for a folder that has none yet. */
  readonly name?: string;
  /** Its storage nodes, kept for the next start; without it those of the last start, or 6 of which 4 hold data, and a spare. */
  readonly cluster?: LocalCluster;
  /** Holds the secrets that the nodes of `cluster` name; `process.env` by default. No others are taken from it. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Chain id of the registry that it trusts, kept for the next start; without it that of the last start, or none. */
  readonly registry?: string;
  /** Another worker in the relay's place: same server, same storage, same variables. */
  readonly bundle?: WorkerBundle;
  /** `bundled` is a deployment without a loader (`PX10`): it runs the policies that its bundle brings. `isolates` by default. */
  readonly policies?: 'isolates' | 'bundled';
  /**
   * `deployed` keeps limits as wrangler.toml sets them. `local`, the default, is for programs of one machine, which have
   * one address and are faster than any person: ten thousand times as much, and no count by address.
   */
  readonly limits?: 'local' | 'deployed';
  /** Variables besides and instead of those of wrangler.toml. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Where V8's inspector listens on this machine, for measuring; nowhere by default. */
  readonly inspectorPort?: number;
  /** Given what the worker logs. Nothing is printed. */
  readonly onLog?: (line: WorkerLog) => void;
}

export interface WorkerLog {
  readonly level: string;
  readonly message: string;
}

export interface LocalRelay {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Absolute. */
  readonly folder: string;
  readonly name: string;
  /** Of the checkpoint key, base64url without padding. */
  readonly publicKey: string;
  /** Of the workerd that serves; another one after a crash, since it is started again. */
  readonly runtimePid: number;
  /** Ends workerd and frees port and folder; state is kept. Calling it again waits for the same end. */
  stop(): Promise<void>;
}

/** Of miniflare. */
const OLDEST_NODE = 22;
const THIS_MACHINE = '127.0.0.1';
const LOCAL_LIMIT_FACTOR = '10000';
/** A disk of one's own is not paid for by the request. */
const LOCAL_REPAIR_BYTES_PER_S = '268435456';

/** One start at a time in a process: a workerd that appears meanwhile is known to belong to it. */
let lastStart: Promise<unknown> = Promise.resolve();

/**
 * Runs the relay on this machine: the bundle that is deployed, on real workerd, with its state in a folder. Throws
 * `LocalRelayError` for what the caller can mend. Signals are the caller's, who answers them with `stop()`: a process
 * that dies of one leaves its workerd behind.
 */
export function startLocalRelay(options: LocalRelayOptions): Promise<LocalRelay> {
  const start = lastStart.then(() => lockAndServe(options));
  lastStart = start.catch(() => undefined);
  return start;
}

async function lockAndServe(options: LocalRelayOptions): Promise<LocalRelay> {
  const { port, host = THIS_MACHINE } = options;
  const lock = await FolderLock.acquire(options.folder);
  const runtime = new RuntimeWatch((pid) => lock.setRuntime(pid));
  const release = () => {
    runtime.close();
    lock.release();
  };
  try {
    await requireFreePort(port, host);
    const identity = openRelayFile(lock.folder, options.name);
    const bundle = options.bundle ?? (await relayBundle());
    const operator = openOperatorKey(lock.folder);
    const nodes = openCluster(lock.folder, options.cluster, options.environment ?? process.env);
    const pinned = openPinnedRegistry(lock.folder, options.registry);
    const miniflare = await serve({ ...options, folder: lock.folder, host, nodes, operator, pinned }, bundle, identity);
    const relay = await handleOf(miniflare, { identity, runtime, folder: lock.folder, release });
    lock.setUrl(relay.url, relay.runtimePid);
    return relay;
  } catch (cause) {
    release();
    throw await asLocalRelayError(cause, port, host);
  }
}

interface Serving {
  readonly identity: RelayIdentity;
  readonly runtime: RuntimeWatch;
  readonly folder: string;
  readonly release: () => void;
}

async function handleOf(
  miniflare: MiniflarePackage.Miniflare,
  { identity, runtime, folder, release }: Serving,
): Promise<LocalRelay> {
  const { origin, port } = await miniflare.unsafeGetDirectURL();
  let stopped: Promise<void> | undefined;
  return {
    url: origin,
    port: Number(port),
    folder,
    name: identity.name,
    publicKey: identity.publicKey,
    get runtimePid() {
      return runtime.pid;
    },
    stop: () => (stopped ??= miniflare.dispose().finally(release)),
  };
}

type Served = LocalRelayOptions & {
  readonly host: string;
  readonly nodes: ClusterBindings;
  /** Public key, base64url. */
  readonly operator: string;
  /** Chain id of the registry. */
  readonly pinned: string | undefined;
};

async function serve(
  options: Served,
  bundle: WorkerBundle,
  identity: RelayIdentity,
): Promise<MiniflarePackage.Miniflare> {
  const { Miniflare: Runtime, convertV4MiniflareOptions } = await importMiniflare();
  const converted = convertV4MiniflareOptions(miniflareOptions(options, bundle, identity));
  const miniflare = leavingSignalsToCaller(() => new Runtime(converted));
  try {
    await miniflare.ready;
    return miniflare;
  } catch (cause) {
    await miniflare.dispose().catch(() => undefined);
    throw cause;
  }
}

function miniflareOptions(options: Served, bundle: WorkerBundle, identity: RelayIdentity) {
  const { folder, port, host, onLog, variables, inspectorPort } = options;
  const worker = withCluster(withLimits(readWorkerOptions(bundle), options.limits ?? 'local'), options.nodes);
  return {
    ...worker,
    // Policies run in isolates here: what wrangler.toml asks a paid plan for, every workerd has.
    ...(options.policies !== 'bundled' && { workerLoaders: { POLICY_LOADER: {} } }),
    bindings: {
      ...worker.bindings,
      OPERATORS: options.operator,
      ...(options.pinned !== undefined && { REGISTRY: options.pinned }),
      ...variables,
      RELAY_NAME: identity.name,
      RELAY_CHECKPOINT_KEY: identity.checkpointKey,
    },
    // Clients talk to workerd itself. Miniflare's own entry, for tools, is in front of nothing that they need and would
    // cost them half the throughput.
    unsafeDirectSockets: [{ host, port }],
    host: THIS_MACHINE,
    port: 0,
    ...(inspectorPort !== undefined && { inspectorPort }),
    resourcePersistencePath: join(folder, 'storage'),
    // Anything else asks a server of the platform about this machine's address.
    cf: false,
    logRequests: false,
    handleStructuredLogs: ({ level, message }: WorkerLog) => onLog?.({ level, message }),
  };
}

/** No edge is in front that could name an address, so a header that does is the caller's own word. */
function withLimits(worker: V4WorkerOptions, limits: 'local' | 'deployed'): V4WorkerOptions {
  const bindings = { ...worker.bindings, ADDRESS_HEADER: '' };
  if (limits === 'deployed') return { ...worker, bindings };
  const { ratelimits: _, ...unlimited } = worker;
  return {
    ...unlimited,
    bindings: { ...bindings, LIMIT_FACTOR: LOCAL_LIMIT_FACTOR, REPAIR_BYTES_PER_S: LOCAL_REPAIR_BYTES_PER_S },
  };
}

/** Buckets of this machine in place of those that wrangler.toml names. A worker without nodes gets none. */
function withCluster(worker: V4WorkerOptions, { variable, r2Buckets, secrets }: ClusterBindings): V4WorkerOptions {
  if (worker.bindings?.['CLUSTER'] === undefined) return worker;
  return {
    ...worker,
    bindings: { ...worker.bindings, ...secrets, CLUSTER: variable },
    r2Buckets: { ...r2Buckets },
  };
}

async function importMiniflare(): Promise<typeof MiniflarePackage> {
  const { node } = process.versions;
  if (Number.parseInt(node) < OLDEST_NODE)
    throw new LocalRelayError({ code: 'node-too-old', node, oldest: OLDEST_NODE });
  try {
    return await import('miniflare');
  } catch (cause) {
    throw new LocalRelayError({ code: 'runtime-missing', cause: String(cause) });
  }
}

/** The port may be taken between the check and workerd's own attempt. */
async function asLocalRelayError(cause: unknown, port: number, host: string): Promise<LocalRelayError> {
  if (cause instanceof LocalRelayError) return cause;
  if ((cause as { code?: unknown }).code === 'ERR_ADDRESS_IN_USE') return portTaken(port, host);
  return new LocalRelayError({ code: 'start-failed', cause: cause instanceof Error ? cause.message : String(cause) });
}
