import type { Command } from 'commander';
import type { Identity, Session } from '../../sdk/index.ts';
import { fileStorage } from '../../sdk/node/index.ts';
import { Failure } from '../failure.ts';
import { commandPrefix } from '../invocation.ts';
import { globalOptions } from '../options.ts';
import { createOutput, table } from '../output.ts';
import { asPerson, connectFromNode, interruptSignal, type Person } from '../person.ts';
import { hasProfile, makeProfileFolder, openProfile, profileFolder, saveProfile, storageFolder } from '../profile.ts';

const DEFAULT_RELAY = 'http://127.0.0.1:8787';

interface InitOptions {
  readonly relay: string;
  readonly invite?: string;
}

export function addIdentity(program: Command): void {
  program
    .command('init')
    .summary('make an identity on this machine')
    .description(
      'Draws keys, founds their identity chain at the relay, and publishes KeyPackages so that others can invite.',
    )
    .option('-r, --relay <url>', 'where the relay is', DEFAULT_RELAY)
    .option('--invite <code>', "a code of the relay's operator, where it asks for one")
    .addHelpText('after', '\nExamples:\n  terachat init\n  terachat init --profile bob --relay https://relay.example')
    .action(async (options: InitOptions, command: Command) => init(options, command));
  program
    .command('whoami')
    .summary('your key, and where you are')
    .addHelpText('after', '\nExample:\n  terachat whoami --profile bob')
    .action(asPerson(whoAmI));
}

async function init({ relay, invite }: InitOptions, command: Command): Promise<void> {
  const options = globalOptions(command);
  const output = createOutput(options.json);
  if (hasProfile(options)) {
    const { actor } = openProfile(options);
    const message = `There is a profile '${options.profile}' already, with the key ${actor}.`;
    throw new Failure('failed', 'profile-exists', message, 'Take another one with --profile NAME.');
  }
  const folder = profileFolder(options);
  makeProfileFolder(folder);
  const storage = fileStorage(storageFolder(folder));
  const interrupt = interruptSignal();
  try {
    const identity = await makeIdentity(
      await connectFromNode(relay, storage, interrupt.signal, { invitation: invite }),
      interrupt.signal,
    );
    saveProfile({ name: options.profile, folder, relay, actor: identity.actor });
    const again = `${commandPrefix()} whoami --profile ${options.profile}`;
    const text = `${facts(identity)}\n\nOthers invite you with your key. It is shown again by\n  ${again}`;
    output.result({ profile: options.profile, relay, ...identity }, text);
  } finally {
    interrupt.release();
    await storage.close();
  }
}

/** Goes on where an earlier init was cut off, which may have drawn keys and published no KeyPackages. */
async function makeIdentity(session: Session, signal: AbortSignal): Promise<Identity> {
  const { identity: drawn } = session;
  if (drawn !== undefined) await session.inbox({ signal });
  const identity = drawn ?? (await session.createIdentity({ signal }));
  session.close();
  return identity;
}

async function whoAmI({ session, output }: Person): Promise<void> {
  const { identity, relay } = session;
  if (identity === undefined) throw new Failure('failed', 'identity-missing', 'This profile has no identity.');
  const where = table([['relay', `${relay.name} at ${relay.url}`]]);
  output.result({ ...identity, relay: relay.url, relayName: relay.name }, `${facts(identity)}\n${where}`);
}

function facts({ actor, fingerprint, chain }: { actor: string; fingerprint: string; chain: string }): string {
  return table([
    ['key', actor],
    ['fingerprint', fingerprint],
    ['chain', chain],
  ]);
}
