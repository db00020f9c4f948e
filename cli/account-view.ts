import { DAY_MS, type Json } from '../core/index.ts';
import type { AccountReach, AccountView, DeviceView, FollowedAccount, FollowedDevice } from '../sdk/index.ts';
import { Failure } from './failure.ts';
import { table } from './output.ts';
import { printable } from './printable.ts';

/** Enough letters of a key to mean one device. */
const MIN_KEY_LETTERS = 4;
/** Groups that are named to people. */
const MAX_SHOWN = 5;

/** An account for programs. Times are ms since the Unix epoch. `groups` is null to a device that is none any more. */
export function accountDocument({ recovery, devices, ...account }: AccountView, reach: AccountReach | undefined): Json {
  return {
    ...account,
    devices: devices.map((device) => ({ ...device, until: device.until ?? null })),
    groups: reach === undefined ? null : reachDocument(reach),
    recovery:
      recovery === undefined ? null : ({ ...recovery, pending: recovery.pending && { ...recovery.pending } } as Json),
  };
}

/** The same for people, who call groups something. */
export function accountText(
  { id, status, devices, recovery }: AccountView,
  reach: AccountReach | undefined,
  names: ReadonlyMap<string, string>,
): string {
  const lines = devices.map((device) => `  ${nameOf(device).padEnd(20)}  ${device.fingerprint}  ${standingOf(device)}`);
  const pending = recovery?.pending;
  const facts: [string, string][] = [
    ['account', id],
    ['recovery', recovery === undefined ? 'no key stands' : `by its key, after ${waitOf(recovery.waitingMs)}`],
  ];
  if (reach !== undefined) facts.push(['groups', reachText(reach, names)]);
  if (status.kind === 'revoked') facts.push(['this device', `was revoked by entry ${status.index}`]);
  const warning =
    pending === undefined
      ? ''
      : `\n\nA recovery is under way: '${printable(pending.name)}' ${pending.fingerprint} comes in from
${timeOf(pending.ripeAt)} on. If that is not you: terachat device recovery --cancel`;
  return `${lines.join('\n')}\n\n${table(facts)}${warning}`;
}

/** Who knows of an entry, for programs. */
export function reachDocument({ isComplete, groups, behind, lagging }: AccountReach): {
  readonly [name: string]: Json;
} {
  return { complete: isComplete, following: groups, behind, lagging: lagging.map((group) => ({ ...group })) };
}

/** The same for people. */
export function reachText({ groups, behind, lagging }: AccountReach, names: ReadonlyMap<string, string>): string {
  if (groups === 0) return 'none follows it';
  const follow = groups === 1 ? '1 follows it' : `${groups} follow it`;
  if (behind === 0) return `${follow}, and ${groups === 1 ? 'knows' : 'all know'} of every change`;
  const shown = lagging.slice(0, MAX_SHOWN).map(({ group }) => names.get(group) ?? shortId(group));
  const more = behind > shown.length ? ` and ${behind - shown.length} more` : '';
  return `${follow}; not told of everything yet: ${shown.join(', ')}${more}`;
}

/** What somebody in a group is a device of; empty for those whose account it does not follow. */
export function deviceText(accounts: readonly FollowedAccount[], actor: string): string {
  const parts = accounts.flatMap(({ id, devices }) => {
    const device = devices.find((one) => one.actor === actor);
    return device === undefined ? [] : [`${deviceName(device)} of account ${shortId(id)}`];
  });
  return parts.join(', ');
}

/** Devices of an account that are not in a group; empty where all are, or were revoked. */
export function absentText({ id, devices }: FollowedAccount): string {
  const named = (standing: FollowedDevice['standing']): string =>
    devices
      .filter((device) => device.standing === standing)
      .map(deviceName)
      .join(', ');
  const [out, suspended] = [named('out'), named('suspended')];
  const parts = [out && `not in: ${out}`, suspended && `revoked, out with the next change of keys: ${suspended}`];
  const text = parts.filter((part) => part !== '').join('; ');
  return text === '' ? '' : `  account ${shortId(id)}: ${text}`;
}

/** A device by what its account calls it, else by its key. */
export function deviceName(device: Pick<DeviceView, 'name' | 'actor'> | undefined): string {
  if (device === undefined) return 'a device';
  return device.name === '' ? shortId(device.actor) : `'${printable(device.name)}'`;
}

/** A device of the account by its name, its key or the beginning of that. */
export function findDeviceIn({ devices }: AccountView, text: string): DeviceView {
  const active = devices.filter(({ until }) => until === undefined);
  const byKey = active.filter(({ actor }) => actor.startsWith(text) && text.length >= MIN_KEY_LETTERS);
  const matches = byKey.length > 0 ? byKey : active.filter(({ name }) => name === text);
  const [found] = matches;
  if (found !== undefined && matches.length === 1) return found;
  const message = found === undefined ? `No device is called '${text}'.` : `Several devices are called '${text}'.`;
  throw new Failure('failed', 'no-such-device', message, 'Give its key: terachat device list --json shows them.');
}

/** The time as people of this machine write it. */
export function timeOf(ms: number): string {
  return new Date(ms).toLocaleString();
}

function nameOf({ name, actor }: DeviceView): string {
  return name === '' ? shortId(actor) : printable(name);
}

function shortId(id: string): string {
  return id.slice(0, 2 * MIN_KEY_LETTERS);
}

function standingOf({ isMe, until }: DeviceView): string {
  if (until !== undefined) return `revoked by entry ${until}`;
  return isMe ? 'this device' : '';
}

function waitOf(waitingMs: number): string {
  return waitingMs === 0 ? 'no wait' : `${waitingMs / DAY_MS} days`;
}
