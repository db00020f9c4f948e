import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { DAY_MS } from '../../core/index.ts';
import type { AccountReach, RevocationReason } from '../../sdk/index.ts';
import { accountDocument, accountText, findDeviceIn, reachDocument, reachText } from '../account-view.ts';
import { Answered, Failure } from '../failure.ts';
import { asPerson, type Person } from '../person.ts';
import { printable } from '../printable.ts';
import { addEntry } from './device-entry.ts';
import { addReplacement } from './device-replace.ts';

const REASONS: readonly RevocationReason[] = ['lost', 'compromised', 'replaced', 'retired', 'other'];
const DEVICE = 'its name, its key or the beginning of that';
const MAX_WAIT_S = 86_400;
/** As long as a lease: then no group lets the device in, whether it was told or not. */
const DEFAULT_WAIT_S = 60;
const MAX_DAYS = 90;
const DEFAULT_DAYS = 3;

export function addDevice(program: Command): void {
  const device = program.command('device').summary('the devices of your account, and how you get it back');
  device
    .command('list')
    .summary('which devices act for you')
    .description('Reads and verifies the log of your account: its devices, revoked ones too, and its recovery.')
    .addHelpText('after', '\nExample:\n  terachat device list')
    .action(asPerson(list));
  addEntry(device);
  addReplacement(device);
  device
    .command('add')
    .argument('<code>', 'what device join shows on the new device')
    .summary('let a new device in')
    .description(
      'Answers the code of a new device. Both then stand for 16 letters: type those that the new device shows. Where they ' +
        'are not the same, somebody is in between, and nothing is changed.',
    )
    .addHelpText('after', '\nExample:\n  terachat device add CODE')
    .action(asPerson(add));
  device
    .command('rename')
    .argument('<device>', DEVICE)
    .argument('<name>', 'what to call it; your other devices see that')
    .summary('call a device something else')
    .addHelpText('after', '\nExample:\n  terachat device rename phone "old phone"')
    .action(asPerson(rename));
  device
    .command('revoke')
    .argument('<device>', DEVICE)
    .addOption(new Option('--reason <reason>', 'for you and your devices').choices(REASONS).default('other'))
    .summary('end a device for good')
    .description(
      'From then on the device reads and changes nothing of your account. Its key never comes back; the device itself may, ' +
        'under a new one.',
    )
    .addOption(
      new Option(
        '--wait [seconds]',
        `until every group that follows your account knows, ${DEFAULT_WAIT_S} s at most or as said`,
      )
        .preset(String(DEFAULT_WAIT_S))
        .argParser(parseWait),
    )
    .addHelpText('after', '\nExample:\n  terachat device revoke phone --reason lost --wait 120')
    .action(asPerson<RevokeFlags>(revoke));
  addRecovery(device);
}

function addRecovery(device: Command): void {
  device
    .command('recovery')
    .option(
      '--wait <days>',
      `how long your devices can object, up to ${MAX_DAYS} (default: ${DEFAULT_DAYS})`,
      parseDays,
    )
    .option('--save <file>', 'write the code there, instead of showing it; it must not be there yet')
    .option('--remove', 'take the key away')
    .option('--cancel', 'end a recovery that is under way')
    .summary('a key on paper, for when all devices are gone')
    .description(
      'Draws a recovery key in the place of an earlier one, and shows it once. Whoever has it can bring a device into your ' +
        'account, unless one of your devices objects in time: write it down, and keep it where you keep such things.',
    )
    .addHelpText('after', '\nExamples:\n  terachat device recovery --wait 7\n  terachat device recovery --cancel')
    .action(asPerson<RecoveryFlags>(recovery));
}

/** Seconds as ms. */
function parseWait(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0 && seconds <= MAX_WAIT_S) return seconds * 1_000;
  throw new InvalidArgumentError(`Say how many seconds, up to ${MAX_WAIT_S}.`);
}

/** Days as ms. */
function parseDays(text: string): number {
  const days = Number(text);
  if (text.trim() !== '' && days >= 0 && days <= MAX_DAYS) return Math.round(days * DAY_MS);
  throw new InvalidArgumentError(`Say how many days, from 0 to ${MAX_DAYS}.`);
}

async function list({ session, output, groups, signal }: Person): Promise<void> {
  const view = await session.account.view({ signal });
  const reach = view.status.kind === 'active' ? await session.account.reach({ signal }) : undefined;
  output.result(accountDocument(view, reach), accountText(view, reach, await groups.all()));
}

async function add({ session, output, signal }: Person, args: readonly string[]): Promise<void> {
  output.note('Waiting for the new device …');
  const request = await session.account.pair(args[0] as string, { signal });
  const { device, name, fingerprint, check } = request;
  const typed = await askFor(`'${printable(name)}' asks to come in. Type the letters that it shows: `, signal);
  if (plain(typed) !== plain(check)) {
    const message = 'These are not the letters that belong to this device and your account. Nothing was changed.';
    const hint = 'Begin again on the new device. If they differ again, somebody is in between.';
    throw new Failure('unverified', 'check-differs', message, hint);
  }
  const { index } = await request.accept({ signal });
  output.result({ device, name, fingerprint, check, index }, `'${printable(name)}' is a device of your account.`);
}

/** However the letters were typed: the dashes are for the eye. */
function plain(letters: string): string {
  return letters.toLowerCase().replace(/[^a-z2-7]/g, '');
}

/** A line from the terminal, or from whatever writes to standard input. */
async function askFor(prompt: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  process.stderr.write(prompt);
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    return await Promise.race([lines.question('', { signal }), ended]);
  } finally {
    lines.close();
  }
}

async function rename({ session, output, signal }: Person, args: readonly string[]): Promise<void> {
  const [who, name] = args as [string, string];
  const { actor } = findDeviceIn(await session.account.view({ signal }), who);
  const { index } = await session.account.rename(actor, name, { signal });
  output.result({ device: actor, name, index }, `It is called '${printable(name)}' from now on.`);
}

interface RevokeFlags {
  readonly reason: RevocationReason;
  /** Ms. */
  readonly wait?: number;
}

async function revoke(person: Person, args: readonly string[], { reason, wait }: RevokeFlags): Promise<void> {
  const { session, output, signal } = person;
  const view = await session.account.view({ signal });
  const { actor, isMe, name } = findDeviceIn(view, args[0] as string);
  if (isMe && wait !== undefined)
    throw new Failure('usage', 'wait-where', 'A device that is out is told nothing: wait at another one.');
  const { index } = await session.account.revoke(actor, { reason, signal });
  const text = isMe ? 'This device is out of your account.' : `'${printable(name)}' is out of your account.`;
  const advice = view.recovery === undefined || reason === 'replaced' || reason === 'retired' ? '' : `\n${OTHER_KEY}`;
  const reach = wait === undefined ? undefined : await waitUntilAllKnow(person, index, wait);
  const shown = reach === undefined ? '' : `\nGroups: ${reachText(reach, await person.groups.all())}.`;
  output.result({ device: actor, reason, index, ...(reach && reachDocument(reach)) }, `${text}${shown}${advice}`);
  if (reach?.isComplete === false) throw new Answered('failed');
}

/** Whoever had the device may have set the key, or found its code. */
const OTHER_KEY = 'Your recovery key stands. If the device could have known or set it: terachat device recovery';

/** As far as it got where the time was too short. */
async function waitUntilAllKnow(
  { session, output, signal }: Person,
  index: number,
  waitMs: number,
): Promise<AccountReach> {
  const { account } = session;
  output.note('Waiting for the groups that follow your account …');
  const isOver = AbortSignal.timeout(waitMs);
  try {
    return await account.untilReached({ index, signal: AbortSignal.any([signal, isOver]) });
  } catch (error) {
    if (!isOver.aborted || signal.aborted) throw error;
    return account.reach({ index, signal });
  }
}

interface RecoveryFlags {
  readonly wait?: number;
  readonly save?: string;
  readonly remove?: boolean;
  readonly cancel?: boolean;
}

async function recovery(person: Person, _args: readonly string[], flags: RecoveryFlags): Promise<void> {
  const { session, output, signal } = person;
  if (flags.remove === true && flags.cancel === true)
    throw new Failure('usage', 'recovery-what', 'Say --remove or --cancel, not both.');
  if (flags.cancel === true) {
    const { index } = await session.account.cancelRecovery({ signal });
    output.result({ cancelled: true, index }, 'The recovery is ended. Its key still stands: take another one.');
  } else if (flags.remove === true) {
    const { index } = await session.account.removeRecovery({ signal });
    output.result({ removed: true, index }, 'No recovery key stands any more.');
  } else await drawRecovery(person, flags);
}

async function drawRecovery(
  { session, output, signal }: Person,
  { wait: waitingMs = DEFAULT_DAYS * DAY_MS, save }: RecoveryFlags,
): Promise<void> {
  // Opened before the key stands: never over another one, and never where another user of the machine reads it.
  const file = save === undefined ? undefined : await open(save, 'wx', 0o600);
  const { code, key, index } = await session.account.setRecovery({ waitingMs, signal });
  await file?.writeFile(`${code}\n`);
  await file?.close();
  const shown = save === undefined ? { code } : { file: save };
  const where = save === undefined ? `${code}\n\nWrite it down: it is shown this once.` : `Kept in ${save}.`;
  const { id } = session.account;
  output.result({ ...shown, account: id, key, waitingMs, index }, where);
}
