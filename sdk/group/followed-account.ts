import { findMember, holdsRole, isActive, toBase64Url, type GroupState } from '../../core/index.ts';

/** A device of an account that a group follows. */
export interface FollowedDevice {
  /** Base64url. */
  readonly actor: string;
  /** What its account calls it; empty where that has no name for it. */
  readonly name: string;
  /**
   * `in` the group, or `out` of it and free to be invited. `suspended`: revoked, and in the tree of an MLS group until the next
   * commit takes it out; it reads and sends nothing. `revoked`: for good, and out.
   */
  readonly standing: 'in' | 'out' | 'suspended' | 'revoked';
}

/** An account that a group follows, as far as the group's own log has proved (`NA4`). */
export interface FollowedAccount {
  /** Id of the identity chain, base64url. */
  readonly id: string;
  /** Entries of it that the group has imported. */
  readonly size: number;
  /** In the order in which they came into the account, revoked ones included. */
  readonly devices: readonly FollowedDevice[];
}

/** In the order of their ids. */
export function viewAccounts({ accounts, roster }: GroupState): readonly FollowedAccount[] {
  return accounts.map(({ identity, size, state }) => {
    const devices = [...state.devices].sort((one, other) => one.since - other.since);
    return {
      id: toBase64Url(identity),
      size,
      devices: devices.map((device) => {
        const member = findMember(roster, device.actor);
        const standing = standingOf(isActive(device), member);
        return { actor: toBase64Url(device.actor), name: device.name, standing };
      }),
    };
  });
}

function standingOf(isDevice: boolean, member: ReturnType<typeof findMember>): FollowedDevice['standing'] {
  if (member?.role === 'suspended') return 'suspended';
  if (!isDevice) return 'revoked';
  return member !== undefined && holdsRole(member) ? 'in' : 'out';
}
