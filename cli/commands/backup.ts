import { readFile, rm, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  backUpIdentity,
  NetworkError,
  RelayChangedError,
  restoreIdentity,
  type RestoredIdentity,
  type Storage,
} from '../../sdk/index.ts';
import { fileStorage, nodePlatform } from '../../sdk/node/index.ts';
import { Failure } from '../failure.ts';
import { GroupNames, shortId } from '../group-names.ts';
import { commandPrefix } from '../invocation.ts';
import { globalOptions, parseRelayUrl } from '../options.ts';
import { createOutput, table, type Output } from '../output.ts';
import { readPassphrase } from '../passphrase.ts';
import { connectFromNode, interruptSignal } from '../person.ts';
import { hasProfile, makeProfileFolder, openProfile, profileFolder, saveProfile, storageFolder } from '../profile.ts';

/** What the command line keeps in a storage: names of groups and of people. */
const RECORDS = 'cli/';

interface BackupFlags {
  readonly passphraseFile?: string;
}

export function addBackup(program: Command): void {
  const identity = program.command('identity').summary('back up your key, or bring it back');
  identity
    .command('backup')
    .argument('<file>', 'where to; it must not be there yet')
    .option('--passphrase-file <file>', 'takes its first line, instead of asking')
    .summary('keep your key in one encrypted file')
    .description(
      'Encrypts your key, your relay and what you call groups and people under a passphrase. No message and no key of ' +
        'a group is in it: two devices must never act from one state of a group.',
    )
    .addHelpText('after', '\nExample:\n  terachat identity backup alice.backup --profile alice')
    .action(backUp);
  identity
    .command('restore')
    .argument('<file>', 'the backup')
    .option('--passphrase-file <file>', 'takes its first line, instead of asking')
    .option('-r, --relay <url>', 'where the relay is by now', parseRelayUrl)
    .summary('bring your key back from a backup')
    .description(
      'Makes a profile with the key of a backup. Do it once the device that made it is gone: two that use one key take ' +
        'invitations from each other. Encrypted groups need a new invitation.',
    )
    .addHelpText('after', '\nExample:\n  terachat identity restore alice.backup --profile alice')
    .action(restore);
}

async function backUp(file: string, { passphraseFile }: BackupFlags, command: Command): Promise<void> {
  const options = globalOptions(command);
  const output = createOutput(options.json);
  const { folder, relay, actor } = openProfile(options);
  await withStorage(folder, async (storage, signal) => {
    const passphrase = await readPassphrase({ file: passphraseFile, isNew: true, signal });
    const backup = await backUpIdentity({
      storage,
      passphrase,
      url: relay,
      recordPrefix: RECORDS,
      ...nodePlatform(),
    });
    // Never over another one: the last copy of a key may be in it.
    await writeFile(file, backup, { mode: 0o600, flag: 'wx' });
    output.result({ file, actor, bytes: backup.length }, `Kept the key ${actor} in ${file}.\n${ABOUT}`);
  });
}

const ABOUT = `Your key, your relay and your names are in it; messages and keys of groups are
not. Whoever has the file and the passphrase is you, and nobody can open it
without the passphrase.`;

async function restore(file: string, flags: BackupFlags & { relay?: string }, command: Command): Promise<void> {
  const options = globalOptions(command);
  const output = createOutput(options.json);
  if (hasProfile(options)) {
    const message = `There is a profile '${options.profile}' already, and a key is never replaced.`;
    throw new Failure('failed', 'profile-exists', message, 'Take another one with --profile NAME.');
  }
  const backup = await readFile(file);
  const folder = profileFolder(options);
  makeProfileFolder(folder);
  await withStorage(folder, async (storage, signal) => {
    const passphrase = await readPassphrase({ file: flags.passphraseFile, isNew: false, signal });
    const restored = await restoreIdentity({
      storage,
      passphrase,
      backup,
      recordPrefix: RECORDS,
      ...nodePlatform(),
    });
    const relay = flags.relay ?? restored.relay.url;
    const isReached = await introduce(relay, storage, folder, signal);
    saveProfile({ name: options.profile, folder, relay, actor: restored.identity.actor });
    await report(restored, { relay, isReached, profile: options.profile, storage, output });
  });
}

/** Whether the relay was there. One that is another than the backup's undoes what was restored. */
async function introduce(relay: string, storage: Storage, folder: string, signal: AbortSignal): Promise<boolean> {
  try {
    const session = await connectFromNode(relay, storage, signal);
    await session.inbox({ signal }).finally(() => session.close());
    return true;
  } catch (cause) {
    if (cause instanceof NetworkError) return false;
    if (cause instanceof RelayChangedError) await rm(folder, { recursive: true, force: true });
    throw cause;
  }
}

interface Restoration {
  readonly relay: string;
  readonly isReached: boolean;
  readonly profile: string;
  readonly storage: Storage;
  readonly output: Output;
}

async function report(restored: RestoredIdentity, { relay, isReached, profile, storage, output }: Restoration) {
  const { identity, groups, createdAt } = restored;
  const named = await new GroupNames(storage).all();
  const encrypted = groups.filter(({ membership }) => membership === 'mls');
  const facts = table([
    ['key', identity.actor],
    ['fingerprint', identity.fingerprint],
    ['made', new Date(createdAt).toISOString()],
    ['relay', isReached ? `${relay}, the one of the backup` : `${relay} gave no answer; the next command looks again`],
  ]);
  const waiting = encrypted.map(({ id }) => `  ${named.get(id) ?? shortId(id)}`).join('\n');
  const advice =
    encrypted.length === 0
      ? ''
      : `\n\nKeys of encrypted groups are not in a backup. In each of these, ask an admin to
remove and invite you, and then join:
  ${commandPrefix()} group join --profile ${profile}
${waiting}`;
  output.result(
    {
      profile,
      relay,
      isRelayReached: isReached,
      ...identity,
      createdAt,
      groups: groups.map(({ id, membership }) => ({
        id,
        membership,
        name: named.get(id) ?? null,
        needsInvitation: membership === 'mls',
      })),
    },
    `Restored.\n${facts}${advice}\n\n${ONE_DEVICE}`,
  );
}

const ONE_DEVICE = `If the device that made the backup still runs, use that one: it is in your
groups and goes on as it was. Two with one key take invitations from each other.`;

async function withStorage(
  folder: string,
  work: (storage: Storage, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const interrupt = interruptSignal();
  const storage = fileStorage(storageFolder(folder));
  try {
    await work(storage, interrupt.signal);
  } finally {
    interrupt.release();
    await storage.close();
  }
}
