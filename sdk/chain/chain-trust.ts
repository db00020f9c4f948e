import {
  chainOrigin,
  equalBytes,
  openCheckpoint,
  verifierKeyOf,
  type AsyncVerifyBatch,
  type ChainId,
  type ChainState,
  type PolicyExecutor,
  type VerifierKey,
  type VerifyBatch,
} from '../../core/index.ts';
import { UntrustedError } from '../errors.ts';
import type { HeldCheckpoint } from './position.ts';

/** A relay as it was at first contact. */
export interface PinnedRelay {
  readonly name: string;
  /** 32 bytes. */
  readonly checkpointKey: Uint8Array;
}

/** A signature checker's `check`, of a platform that answers at once or of one that answers later. */
export type CheckSignatures = VerifyBatch;

/** Whose word counts for one chain's log (`CL2`). */
export interface ChainTrust {
  readonly relay: PinnedRelay;
  readonly origin: string;
  readonly logKey: VerifierKey;
  readonly check: CheckSignatures;
  /** Runs what decides in the chain besides its rules (`PB12`). */
  readonly executor: PolicyExecutor;
}

export function chainTrust(
  relay: PinnedRelay,
  chain: ChainId,
  { check, executor }: Pick<ChainTrust, 'check' | 'executor'>,
): ChainTrust {
  const origin = chainOrigin(relay.name, chain);
  return { relay, origin, logKey: verifierKeyOf(origin, 'ed25519', relay.checkpointKey), check, executor };
}

/** Opens a checkpoint of this chain's log: the relay's own signature, the chain's origin, the one form. */
export async function openSigned(note: string, { origin, logKey, check }: ChainTrust): Promise<HeldCheckpoint> {
  // The overloads take a platform that answers at once or one that answers later, but not their union.
  const opened = await openCheckpoint(note, { origin, logKey, verify: check as AsyncVerifyBatch });
  if (!opened.ok) throw new UntrustedError('checkpoint-invalid', `a checkpoint is refused: ${opened.error.code}`);
  const { size, root } = opened.value.checkpoint;
  return { size, root, note };
}

/** The genesis pins relay and key for ever: a chain of another relay can't be checked with this one's key. */
export function checkGenesis({ value: { genesis } }: ChainState, { relay }: ChainTrust): void {
  if (genesis.relayName === relay.name && equalBytes(genesis.checkpointKey, relay.checkpointKey)) return;
  throw new UntrustedError('other-relay', `the chain belongs to ${genesis.relayName}, not to ${relay.name}`, 0);
}
