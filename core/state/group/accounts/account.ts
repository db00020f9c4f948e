import { compareBytes, equalBytes } from '../../../bytes/index.ts';
import { opaque, sortedVector, struct, type Decoded } from '../../../codec/index.ts';
import { HASH_BYTES } from '../../../event/index.ts';
import { findDevice, isActive } from '../../identity/devices.ts';
import { identityStateCodec } from '../../identity/identity-state.ts';
import { importedPart } from '../imports/import-entry.ts';

/** Accounts that one group names (`NA2`). */
export const MAX_ACCOUNTS = 128;
/** Devices, revoked ones included, of an account that a group can follow: with all accounts they fit a state (`NA2`). */
export const MAX_FOLLOWED_DEVICES = 128;
const accountCodec = struct('Account', {
  /** The identity chain. */
  identity: opaque(HASH_BYTES),
  ...importedPart,
  state: identityStateCodec,
});

/** What a group knows of an identity chain that it names: what entries of the group proved, and nothing else. */
export type Account = Decoded<typeof accountCodec>;
/** The accounts that a group names. */
export type Accounts = readonly Account[];

/** Sorted by identity, so that equal sets encode equally. */
export const accountsCodec = sortedVector(accountCodec, MAX_ACCOUNTS, (a, b) => compareBytes(a.identity, b.identity));

/** The account with this identity chain, where the group names it. */
export function findAccount(accounts: Accounts, identity: Uint8Array): Account | undefined {
  return accounts.find((account) => equalBytes(account.identity, identity));
}

/** With this account in the place of what was known of it. */
export function putAccount(accounts: Accounts, account: Account): Accounts {
  const others = accounts.filter(({ identity }) => !equalBytes(identity, account.identity));
  return [...others, account].sort((a, b) => compareBytes(a.identity, b.identity));
}

/** The accounts that an actor is or was a device of, each by its own consent (`NA3`). */
export function accountsOf(accounts: Accounts, actor: Uint8Array): Accounts {
  return accounts.filter(({ state }) => findDevice(state.devices, actor) !== undefined);
}

/** Whether one of them says that this was its device and is none any more: whoever is revoked is so for good (`NA6`). */
export function isRevokedDevice(accounts: Accounts, actor: Uint8Array): boolean {
  return accounts.some(({ state }) => {
    const device = findDevice(state.devices, actor);
    return device !== undefined && !isActive(device);
  });
}
