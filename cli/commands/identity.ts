import type { Command } from 'commander';
import type { Identity, Session } from '../../sdk/index.ts';
import { Failure } from '../failure.ts';
import { commandPrefix } from '../invocation.ts';
import { globalOptions, parseRelayUrl } from '../options.ts';
import { DEFAULT_RELAY, makeProfile, type Beginning } from '../new-profile.ts';
import { createOutput, table } from '../output.ts';
import { asPerson, type Person } from '../person.ts';

export function addIdentity(program: Command): void {
  program
    .command('init')
    .summary('make an identity on this machine')
    .description(
      'Draws keys, founds their identity chain at the relay, and publishes KeyPackages so that others can invite.',
    )
    .option('-r, --relay <url>', 'where the relay is', parseRelayUrl, DEFAULT_RELAY)
    .option('--invite <code>', "a code of the relay's operator, where it asks for one")
    .addHelpText('after', '\nExamples:\n  terachat init\n  terachat init --profile bob --relay https://relay.example')
    .action(async (options: Beginning, command: Command) => init(options, command));
  program
    .command('whoami')
    .summary('your key, and where you are')
    .addHelpText('after', '\nExample:\n  terachat whoami --profile bob')
    .action(asPerson(whoAmI));
}

async function init(beginning: Beginning, command: Command): Promise<void> {
  const options = globalOptions(command);
  const output = createOutput(options.json);
  await makeProfile(options, beginning, async (session, signal) => {
    const identity = await makeIdentity(session, signal);
    const again = `${commandPrefix()} whoami --profile ${options.profile}`;
    const text = `${facts(identity)}\n\nOthers invite you with your key. It is shown again by\n  ${again}`;
    output.result({ profile: options.profile, relay: beginning.relay, ...identity }, text);
    return identity;
  });
}

/** Goes on where an earlier init was cut off, which may have drawn keys and published no KeyPackages. */
async function makeIdentity(session: Session, signal: AbortSignal): Promise<Identity> {
  const { identity: drawn } = session;
  if (drawn !== undefined) await session.inbox({ signal });
  return drawn ?? session.createIdentity({ signal });
}

async function whoAmI({ session, output }: Person): Promise<void> {
  const { identity, relay } = session;
  if (identity === undefined) throw new Failure('failed', 'identity-missing', 'This profile has no identity.');
  const text = facts(identity, [['relay', `${relay.name} at ${relay.url}`]]);
  output.result({ ...identity, relay: relay.url, relayName: relay.name }, text);
}

function facts({ actor, fingerprint, chain }: Identity, more: readonly (readonly [string, string])[] = []): string {
  return table([['key', actor], ['fingerprint', fingerprint], ['chain', chain], ...more]);
}
