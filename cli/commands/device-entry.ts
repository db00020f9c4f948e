import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { timeOf } from '../account-view.ts';
import { commandPrefix } from '../invocation.ts';
import { DEFAULT_RELAY, makeProfile, type Beginning } from '../new-profile.ts';
import { globalOptions, parseRelayUrl } from '../options.ts';
import { createOutput } from '../output.ts';
import { qrOnScreen } from '../terminal-qr.ts';

interface JoinFlags extends Beginning {
  readonly name: string;
  readonly qr: boolean;
}

interface RecoverFlags extends Beginning {
  readonly name: string;
  readonly codeFile?: string;
}

/** The two ways in which a new device comes into an account. */
export function addEntry(device: Command): void {
  device
    .command('join')
    .requiredOption('--name <name>', 'what to call this device')
    .option('-r, --relay <url>', 'where the relay of your account is', parseRelayUrl, DEFAULT_RELAY)
    .option('--no-qr', 'show the code as text alone')
    .summary('make this machine a device of your account')
    .description(
      'Draws a key and shows a code, as text and as a picture where the terminal has room for it. Give it to device add on a device that you have; then this one shows letters to type ' +
        'there, and makes a profile once it is in.',
    )
    .addHelpText('after', '\nExample:\n  terachat device join --name laptop --profile laptop')
    .action(join);
  device
    .command('recover')
    .option('--code-file <file>', 'holds the recovery code; needed to begin')
    .option('--name <name>', 'what to call this device', 'recovered')
    .option('-r, --relay <url>', 'where the relay of your account is', parseRelayUrl, DEFAULT_RELAY)
    .summary('come back by the recovery code')
    .description(
      'Asks for this machine to be let in by the recovery key. Where your account waits, run it again once the time has ' +
        'come, without the code: it completes what was begun.',
    )
    .addHelpText('after', '\nExample:\n  terachat device recover --code-file code.txt --profile new')
    .action(recover);
}

async function join({ name, qr, ...beginning }: JoinFlags, command: Command): Promise<void> {
  const options = globalOptions(command);
  const output = createOutput(options.json);
  await makeProfile(options, beginning, async (session, signal) => {
    const identity = await session.joinAccount({
      name,
      signal,
      onOffer: (code) => {
        const picture = qr && !output.isJson ? qrOnScreen(code, process.stdout) : undefined;
        const text = `On a device that you have:\n  terachat device add ${code}`;
        output.result({ kind: 'offer', code }, picture === undefined ? text : `${picture}\n${text}`);
      },
      onCheck: (check, introducer) => output.result({ kind: 'check', check, introducer }, `\nType there: ${check}`),
    });
    const { profile } = options;
    output.result(
      { kind: 'joined', profile, ...identity },
      `\nIn, as profile '${profile}', if the device on which you typed the letters says so too. If it does not, somebody else
has taken your code, and this is a device of their account: throw the profile away and begin again.`,
    );
    return identity;
  });
}

async function recover({ name, codeFile, ...beginning }: RecoverFlags, command: Command): Promise<void> {
  const options = globalOptions(command);
  const output = createOutput(options.json);
  const code = codeFile === undefined ? undefined : await readFile(codeFile, 'utf8');
  await makeProfile(options, beginning, async (session, signal) => {
    const recovery = await session.recoverAccount({ name, signal, ...(code !== undefined && { code }) });
    const { profile } = options;
    if (recovery.kind === 'waiting') {
      const again = `${commandPrefix()} device recover --relay ${beginning.relay} --profile ${profile}`;
      const text = `Your devices may object until ${timeOf(recovery.until)}. From then on:\n  ${again}`;
      output.result({ kind: 'waiting', profile, until: recovery.until }, text);
      return undefined;
    }
    const { identity } = recovery;
    const text = `You are back, as profile '${profile}'. Revoke what is gone, and draw another key:
  ${commandPrefix()} device list --profile ${profile}
  ${commandPrefix()} device recovery --profile ${profile}`;
    output.result({ kind: 'recovered', profile, ...identity }, text);
    return identity;
  });
}
