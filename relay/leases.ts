import {
  activeDevices,
  findDevice,
  holdsRole,
  isActive,
  mapKey,
  memberAdded,
  MINUTE_MS,
  mlsCommit,
  policyBound,
  policyRecorded,
  type Accounts,
  type ChainState,
  type Devices,
  type Event,
  type GroupState,
} from '../core/index.ts';

/** How long a group goes by what an account's own chain last said of its devices (`NA11`), and the registry of modules (`PB14`). */
export const LEASE_MS = MINUTE_MS;

/** When an account was asked, and by which setting of the clock. */
export interface Asking {
  readonly askedAt: number;
  readonly era: number;
}

/**
 * Which accounts a group still goes by. In memory alone: an object that was evicted asks again. Times are those of the asking, so
 * that what was revoked while the answer was on its way ends as soon as what was revoked after it.
 */
export class Leases {
  readonly #askedAt = new Map<string, number>();
  #latest = 0;
  /** Counts the times that the clock was set back. */
  #era = 0;
  #devices:
    { readonly accounts: Accounts; readonly identities: ReadonlyMap<string, readonly Uint8Array[]> } | undefined;

  /** Before an account's chain is asked. */
  ask(now: number): Asking {
    this.#noteClock(now);
    return { askedAt: now, era: this.#era };
  }

  /** It has answered that it had nothing that the group lacks. */
  grant(identity: Uint8Array, { askedAt, era }: Asking, now: number): void {
    this.#noteClock(now);
    if (era === this.#era) this.#askedAt.set(mapKey(identity), askedAt);
  }

  isHeld(identity: Uint8Array, now: number, leaseMs = LEASE_MS): boolean {
    this.#noteClock(now);
    const askedAt = this.#askedAt.get(mapKey(identity));
    return askedAt !== undefined && now - askedAt < leaseMs;
  }

  /** A clock that was set back would make leases longer by as much: then all are over, and what was asked before gives none. */
  #noteClock(now: number): void {
    if (now < this.#latest) {
      this.#askedAt.clear();
      this.#era++;
    }
    this.#latest = now;
  }

  /** The accounts that have to be asked before this actor is served; none for those who are no device of one. */
  lapsedOf(state: ChainState, actor: Uint8Array, now: number): readonly Uint8Array[] {
    if (state.kind !== 'group' || state.value.accounts.length === 0) return NONE;
    const identities = this.#identitiesOf(state.value.accounts).get(mapKey(actor)) ?? NONE;
    return identities.filter((identity) => !this.isHeld(identity, now));
  }

  /** What has to be asked before this event is taken: accounts of the devices in it, and the registry where a policy is to decide. */
  lapsedFor(state: ChainState, event: Event, now: number): readonly Uint8Array[] {
    if (state.kind !== 'group') return NONE;
    const { accounts, registry } = state.value;
    const identities = accounts.length === 0 ? NONE : devicesIn(event).flatMap((one) => this.lapsedOf(state, one, now));
    const asksRegistry = registry !== undefined && isOfPolicy(state.value, event.type);
    return asksRegistry && !this.isHeld(registry.registry, now) ? [...identities, registry.registry] : identities;
  }

  /** Members who would have to be asked about. */
  lapsedMembers(state: ChainState, now: number): readonly Uint8Array[] {
    if (state.kind !== 'group' || state.value.accounts.length === 0) return NONE;
    const members = state.value.roster.filter(holdsRole).map(({ actor }) => actor);
    return members.filter((actor) => this.lapsedOf(state, actor, now).length > 0);
  }

  /** Made anew for each change of the accounts, which are far rarer than appends. */
  #identitiesOf(accounts: Accounts): ReadonlyMap<string, readonly Uint8Array[]> {
    if (this.#devices?.accounts !== accounts) {
      const identities = new Map<string, Uint8Array[]>();
      for (const { identity, state } of accounts) {
        for (const { actor } of activeDevices(state.devices)) {
          const key = mapKey(actor);
          identities.set(key, [...(identities.get(key) ?? []), identity]);
        }
      }
      this.#devices = { accounts, identities };
    }
    return this.#devices.identities;
  }
}

/** Devices of an account that were revoked from one state to the next. */
export function revokedBetween(before: ChainState, after: ChainState): Devices {
  if (before.kind !== 'identity' || after.kind !== 'identity' || before.value.devices === after.value.devices)
    return [];
  const wasActive = activeDevices(before.value.devices);
  return wasActive.flatMap(({ actor }) => {
    const device = findDevice(after.value.devices, actor);
    return device === undefined || isActive(device) ? [] : [device];
  });
}

/** `PB14`: whether a policy has a say in it, or is put in force by it. */
function isOfPolicy({ policy }: GroupState, type: number): boolean {
  return type === policyRecorded.type || type === policyBound.type || (policy?.guards.includes(type) ?? false);
}

/** Who must be a device still for an event to be taken: its author, and whoever it lets in. */
function devicesIn({ actor, type, body }: Event): readonly Uint8Array[] {
  switch (type) {
    case memberAdded.type: {
      const added = memberAdded.decodeBody(body);
      return added.ok ? [actor, added.value.actor] : [actor];
    }
    case mlsCommit.type: {
      const commit = mlsCommit.decodeBody(body);
      return commit.ok ? [actor, ...commit.value.roster.added.map((added) => added.actor)] : [actor];
    }
    default:
      return [actor];
  }
}

const NONE: readonly Uint8Array[] = [];
