import { fromBase64Url, publicKeyOf } from '../../core/index.ts';
import type { CheckpointKey } from '../../relay/index.ts';
import type { ChainObject } from '../chain/object.ts';
import type { DeviceObject } from '../device/object.ts';
import { ed25519Signer } from './ed25519.ts';

/** Bindings, variables and secrets of wrangler.toml. */
export interface RelayEnvironment {
  readonly CHAIN: DurableObjectNamespace<ChainObject>;
  readonly DEVICE: DurableObjectNamespace<DeviceObject>;
  readonly RELAY_NAME: string;
  /** base64url of a 32-byte Ed25519 seed; a relay without one answers nothing but /healthz. */
  readonly RELAY_CHECKPOINT_KEY?: string;
}

const SEED_BYTES = 32;

/** Returns undefined where no usable key is configured. */
export function checkpointKeyOf({ RELAY_NAME, RELAY_CHECKPOINT_KEY }: RelayEnvironment): CheckpointKey | undefined {
  const seed = fromBase64Url(RELAY_CHECKPOINT_KEY ?? '');
  if (seed?.length !== SEED_BYTES) return undefined;
  return { relayName: RELAY_NAME, publicKey: publicKeyOf(seed), sign: ed25519Signer(seed) };
}
