import { fromBase64Url, publicKeyOf, SEED_BYTES } from '../../core/index.ts';
import {
  claimTokenSeed,
  nodeKeySeed,
  relayActorSeed,
  configureLimits,
  type CheckpointKey,
  type ClaimTokenKey,
  type Limits,
  type RelayActor,
} from '../../relay/index.ts';
import type { AdmissionObject } from '../admission/object.ts';
import type { ChainObject } from '../chain/object.ts';
import type { ClusterObject } from '../cluster/object.ts';
import type { FanoutObject } from '../fanout/object.ts';
import type { DeviceObject } from '../device/object.ts';
import type { MetricsObject } from '../metrics/object.ts';
import { ed25519Signer } from './ed25519.ts';

/** Bindings, variables and secrets of wrangler.toml. */
export interface RelayEnvironment {
  readonly CHAIN: DurableObjectNamespace<ChainObject>;
  readonly DEVICE: DurableObjectNamespace<DeviceObject>;
  readonly ADMISSIONS: DurableObjectNamespace<AdmissionObject>;
  readonly METRICS: DurableObjectNamespace<MetricsObject>;
  readonly FANOUT: DurableObjectNamespace<FanoutObject>;
  readonly KEEPER: DurableObjectNamespace<ClusterObject>;
  readonly RELAY_NAME: string;
  /** base64url of a 32-byte Ed25519 seed; a relay without one answers nothing but /healthz. */
  readonly RELAY_CHECKPOINT_KEY?: string;
  /** The header in which the deployment's own edge names the sender's address; empty where nothing does. */
  readonly ADDRESS_HEADER?: string;
  /** Secret for `/metrics`, which does not exist without it unless `METRICS_OPEN` is `true`. */
  readonly METRICS_TOKEN?: string;
  readonly METRICS_OPEN?: string;
  /** Seconds between two reports of an isolate. */
  readonly METRICS_INTERVAL_S?: string;
  /** Chain id of the registry whose admins this deployment trusts, base64url. */
  readonly REGISTRY?: string;
  /** Loads policies into isolates. Without it only those run that were bundled with the worker. */
  readonly POLICY_LOADER?: WorkerLoader;
  /** `true` logs a line for each request. */
  readonly LOG_REQUESTS?: string;
  /** Counts requests by address. A relay without it goes on, and says so at /metrics. */
  readonly ADDRESS_LIMIT?: RateLimit;
  /** The storage nodes, as JSON (`SC13`). Without it payloads stay where they are, and there are no blobs. */
  readonly CLUSTER?: string;
  /** Keys of those who may look after the cluster (`CR10`). */
  readonly OPERATORS?: string;
  /** What repairs of all chains together may move in a second. */
  readonly REPAIR_BYTES_PER_S?: string;
  /** Seconds after which a payload goes to the cluster. */
  readonly SEGMENT_AGE_S?: string;
}

/** The limits that this deployment sets by its variables; what it does not set is as in the table. */
export function limitsOf(env: RelayEnvironment): Limits {
  return configureLimits({ ...env }).limits;
}

/** Returns undefined where no usable key is configured. */
export function checkpointKeyOf(environment: RelayEnvironment): CheckpointKey | undefined {
  const key = derivedKey(environment, itself);
  return key && { relayName: environment.RELAY_NAME, ...key };
}

/** Derived from the checkpoint key, so that an operator keeps one secret. Undefined where none is configured. */
export function claimTokenKeyOf(environment: RelayEnvironment): ClaimTokenKey | undefined {
  return derivedKey(environment, claimTokenSeed);
}

/** The actor of the relay's own events, derived likewise. */
export function relayActorOf(environment: RelayEnvironment): RelayActor | undefined {
  return derivedKey(environment, relayActorSeed);
}

/** What the relay signs its requests to other operators' nodes with, derived likewise. */
export function nodeKeyOf(environment: RelayEnvironment): RelayActor | undefined {
  return derivedKey(environment, nodeKeySeed);
}

type Derivation = (checkpointSeed: Uint8Array) => Uint8Array;

const itself: Derivation = (checkpointSeed) => checkpointSeed;

/**
 * The keys of the secret that was seen last. An isolate serves one configuration, and every object that wakes in it asks for some:
 * deriving a public key costs more than most requests.
 */
let known = { secret: '', keys: new Map<Derivation, RelayActor>() };

function derivedKey(environment: RelayEnvironment, derive: Derivation): RelayActor | undefined {
  const { RELAY_CHECKPOINT_KEY: secret = '' } = environment;
  if (known.secret !== secret) known = { secret, keys: new Map() };
  const held = known.keys.get(derive);
  if (held !== undefined) return held;
  const checkpointSeed = checkpointSeedOf(environment);
  if (checkpointSeed === undefined) return undefined;
  const seed = derive(checkpointSeed);
  const key = { publicKey: publicKeyOf(seed), sign: ed25519Signer(seed) };
  known.keys.set(derive, key);
  return key;
}

/** 32 bytes, or undefined where there are none. */
function checkpointSeedOf({ RELAY_CHECKPOINT_KEY }: RelayEnvironment): Uint8Array | undefined {
  const seed = fromBase64Url(RELAY_CHECKPOINT_KEY ?? '');
  return seed?.length === SEED_BYTES ? seed : undefined;
}
