import type { Command } from 'commander';
import { toBase64Url } from '../../core/index.ts';
import { fingerprintOf } from '../../sdk/index.ts';
import { makeKeyFile, type KeyFlags } from '../admin/key-file.ts';
import { addSignOptions, signFile } from '../admin/sign.ts';
import { commandOutput } from '../options.ts';
import { table } from '../output.ts';
import { interruptSignal } from '../person.ts';

/** For those who say which modules a deployment trusts. Keys and signatures need no relay and no profile. */
export function addAdmin(program: Command): void {
  const admin = program.command('admin').summary('say which policy modules a deployment trusts');
  addKey(admin);
  addSign(admin);
}

function addKey(admin: Command): void {
  admin
    .command('key')
    .argument('<file>', 'where to keep it; it must not be there yet')
    .option('--passphrase-file <file>', 'takes its first line, instead of asking')
    .summary('make the key that you sign with')
    .description(
      'Makes the key of an admin, encrypted under a passphrase, and FILE.pub beside it, for whoever founds the registry. ' +
        'Needs no network: do it on the machine where you are going to sign.',
    )
    .addHelpText('after', '\nExample:\n  terachat admin key ada.key')
    .action(makeKey);
}

function addSign(admin: Command): void {
  addSignOptions(admin.command('sign').argument('<file>', 'what is to be signed; your signature is added to it'))
    .summary('sign what the admins are to say')
    .description(
      'Shows in words what a file says, asks, and adds your signature to those that it has. What can not be read, or what ' +
        'no registry would take, is not signed. Needs no network and no profile.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat admin sign rotation.json --key ada.key\n  terachat admin sign ledger.json --key ada.key --log registry.log',
    )
    .action(signFile);
}

async function makeKey(file: string, flags: KeyFlags, command: Command): Promise<void> {
  const interrupt = interruptSignal();
  try {
    const { actor } = await makeKeyFile(file, flags, interrupt.signal);
    const [key, fingerprint] = [toBase64Url(actor), fingerprintOf(actor)];
    const facts = table([
      ['key', key],
      ['fingerprint', fingerprint],
    ]);
    const publicFile = `${file}.pub`;
    commandOutput(command).result({ file, publicFile, key, fingerprint }, `${facts}\n\n${adviceOn(file)}`);
  } finally {
    interrupt.release();
  }
}

function adviceOn(file: string): string {
  return `Send ${file}.pub to whoever founds the registry, and read out the fingerprint
to them. Keep a copy of ${file} where you keep such things: nobody can make
it again, nor open it without its passphrase.`;
}
