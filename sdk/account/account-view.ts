import { findDevice, isActive, toBase64Url, type IdentityState } from '../../core/index.ts';
import { fingerprintOf } from '../actor-name.ts';
import type { FollowedChain } from '../chain/chain-follower.ts';
import { UsageError } from '../errors.ts';

/** A device that is or was in an account. */
export interface DeviceView {
  /** base64url */
  readonly actor: string;
  readonly fingerprint: string;
  /** Empty for a founding device that nobody has named. */
  readonly name: string;
  /** Index of the entry that let it in. */
  readonly since: number;
  /** Index of its revocation; undefined while it is in. */
  readonly until: number | undefined;
  readonly isMe: boolean;
}

/** A device that the recovery key asks for. */
export interface PendingRecovery {
  /** base64url */
  readonly device: string;
  readonly fingerprint: string;
  readonly name: string;
  /** Index of the entry that began it. */
  readonly index: number;
  /** Ms since the Unix epoch, by the relay's clock, from which it may be completed. */
  readonly ripeAt: number;
}

/** The key that can bring a new device. */
export interface RecoveryView {
  /** base64url */
  readonly key: string;
  readonly waitingMs: number;
  /** Index of the entry that set it. */
  readonly since: number;
  /** What is under way by it. */
  readonly pending: PendingRecovery | undefined;
}

/** An account as its verified log says. */
export interface AccountView {
  /** Id of the identity chain, base64url. */
  readonly id: string;
  /** Whether this device acts for the account, or since when it does not. */
  readonly status: { readonly kind: 'active' } | { readonly kind: 'revoked'; readonly index: number };
  /** In the order in which they came, revoked ones included. */
  readonly devices: readonly DeviceView[];
  readonly recovery: RecoveryView | undefined;
  /** Entries that were verified. */
  readonly size: number;
  /** Of the newest of them, ms since the Unix epoch. */
  readonly relayTime: number;
}

/** Rejects what is no account by throwing: a chain's kind never changes. */
export function identityStateOf({ state }: FollowedChain): IdentityState {
  if (state.kind !== 'identity') throw new UsageError('not-an-account', `this is a chain of kind ${state.kind}`);
  return state.value;
}

export function viewAccount(id: string, chain: FollowedChain, self: Uint8Array): AccountView {
  const state = identityStateOf(chain);
  const own = findDevice(state.devices, self);
  const me = toBase64Url(self);
  return {
    id,
    status: own !== undefined && !isActive(own) ? { kind: 'revoked', index: own.until } : { kind: 'active' },
    devices: state.devices
      .map((device): DeviceView => {
        const actor = toBase64Url(device.actor);
        const until = isActive(device) ? undefined : device.until;
        const fingerprint = fingerprintOf(device.actor);
        return { actor, fingerprint, name: device.name, since: device.since, until, isMe: actor === me };
      })
      .sort((one, other) => one.since - other.since),
    recovery: viewRecovery(state),
    size: chain.cursor.size,
    relayTime: chain.cursor.relayTime,
  };
}

function viewRecovery({ recovery }: IdentityState): RecoveryView | undefined {
  if (recovery === undefined) return undefined;
  const { actor, waitingMs, since, pending } = recovery;
  return {
    key: toBase64Url(actor),
    waitingMs,
    since,
    pending: pending && {
      device: toBase64Url(pending.device),
      fingerprint: fingerprintOf(pending.device),
      name: pending.name,
      index: pending.since,
      ripeAt: pending.ripeAt,
    },
  };
}
