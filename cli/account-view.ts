import type { Json } from '../core/index.ts';
import type { AccountView, DeviceView } from '../sdk/index.ts';
import { Failure } from './failure.ts';
import { table } from './output.ts';
import { printable } from './printable.ts';

/** Enough letters of a key to mean one device. */
const MIN_KEY_LETTERS = 4;
const DAY_MS = 86_400_000;

/** An account for programs. Times are ms since the Unix epoch. */
export function accountDocument({ recovery, devices, ...account }: AccountView): Json {
  return {
    ...account,
    devices: devices.map((device) => ({ ...device, until: device.until ?? null })),
    recovery:
      recovery === undefined ? null : ({ ...recovery, pending: recovery.pending && { ...recovery.pending } } as Json),
  };
}

/** The same for people. */
export function accountText({ id, status, devices, recovery }: AccountView): string {
  const lines = devices.map((device) => `  ${nameOf(device).padEnd(20)}  ${device.fingerprint}  ${standingOf(device)}`);
  const pending = recovery?.pending;
  const facts: [string, string][] = [
    ['account', id],
    ['recovery', recovery === undefined ? 'no key stands' : `by its key, after ${waitOf(recovery.waitingMs)}`],
  ];
  if (status.kind === 'revoked') facts.push(['this device', `was revoked by entry ${status.index}`]);
  const warning =
    pending === undefined
      ? ''
      : `\n\nA recovery is under way: '${printable(pending.name)}' ${pending.fingerprint} comes in from
${timeOf(pending.ripeAt)} on. If that is not you: terachat device recovery --cancel`;
  return `${lines.join('\n')}\n\n${table(facts)}${warning}`;
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
  return name === '' ? actor.slice(0, 2 * MIN_KEY_LETTERS) : printable(name);
}

function standingOf({ isMe, until }: DeviceView): string {
  if (until !== undefined) return `revoked by entry ${until}`;
  return isMe ? 'this device' : '';
}

function waitOf(waitingMs: number): string {
  return waitingMs === 0 ? 'no wait' : `${waitingMs / DAY_MS} days`;
}
