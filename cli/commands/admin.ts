import { InvalidArgumentError, Option, type Command } from 'commander';
import { toBase64Url } from '../../core/index.ts';
import { fingerprintOf, viewRegistry } from '../../sdk/index.ts';
import { foundRegistry, type InitFlags } from '../admin/init.ts';
import { makeKeyFile, type KeyFlags } from '../admin/key-file.ts';
import { readRegistryLog } from '../admin/known-registry.ts';
import { openRegistry, pinnedRegistry } from '../admin/own-registry.ts';
import { appendRotation, prepareRotation, type RotateFlags } from '../admin/rotate.ts';
import { showRegistry } from '../admin/show.ts';
import { addSignOptions, signFile } from '../admin/sign.ts';
import { Failure } from '../failure.ts';
import { collect, commandOutput, parseCount } from '../options.ts';
import { table } from '../output.ts';
import { asPerson, interruptSignal, type Person } from '../person.ts';

const ROOT_DAYS = 365;
const MAX_ROOT_DAYS = 3_650;
const KEY = 'a key, or the .pub file that it came in; several times for several';

/** For those who say which modules a deployment trusts. Keys and signatures need no relay and no profile. */
export function addAdmin(program: Command): void {
  const admin = program.command('admin').summary('say which policy modules a deployment trusts');
  addKey(admin);
  addInit(admin);
  addSign(admin);
  addRotate(admin);
  addShow(admin);
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

function addInit(admin: Command): void {
  admin
    .command('init')
    .requiredOption('--admin <key>', KEY, collect)
    .requiredOption('--threshold <number>', 'how many of them have to sign', parseCount)
    .addOption(daysOption())
    .option('--force', 'although there is one already')
    .summary('found a registry of trusted modules')
    .description(
      'Founds a registry at the relay of your profile, with the public keys of its admins, and prints what the operator of ' +
        'the relay pins. You carry to it what they sign; you need not be one of them.',
    )
    .addHelpText('after', '\nExample:\n  terachat admin init --admin ada.key.pub --admin ben.key.pub --threshold 2')
    .action(asPerson<InitFlags>(foundRegistry));
}

/** Long enough that nobody forgets that it ends, and not so long that a lost key matters for ever. */
function daysOption(): Option {
  return new Option('--days <number>', 'until they have to be renewed').default(ROOT_DAYS).argParser(parseDays);
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

function addRotate(admin: Command): void {
  admin
    .command('rotate')
    .argument('<files...>', 'where to write the next admins; with --append, what was signed')
    .option('--add <key>', KEY, collect)
    .option('--remove <key>', 'the same, or a fingerprint', collect)
    .option('--threshold <number>', 'how many have to sign from then on (default: as now)', parseCount)
    .addOption(daysOption())
    .option('--log <file>', 'prepare from a saved log of the registry, without a relay')
    .option('--append', 'bring what was signed to the registry; copies are put together')
    .option('--registry <id>', 'another registry than the one that you founded or your relay has pinned')
    .option('--key <file>', 'append as this admin, where you are not who founded the registry')
    .option('--passphrase-file <file>', 'of that key: takes its first line, instead of asking')
    .summary('change admins, threshold or expiry')
    .description(
      'Prepares the next admins in a file. The threshold of those now in force and that of the next sign it, each on their ' +
        'own machine. Then it is appended. Expired admins can still do it.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat admin rotate rotation.json --add dora.key.pub\n  terachat admin rotate --append rotation.json',
    )
    .action(rotate);
}

function addShow(admin: Command): void {
  admin
    .command('show')
    .option('--registry <id>', 'another than the one that you founded or your relay has pinned')
    .option('--log <file>', 'show a saved log of the registry, without a relay')
    .summary('admins, threshold, expiry, modules, revocations')
    .description('Reads the log of a registry, verifies it from the first entry, and shows what it says.')
    .addHelpText('after', '\nExamples:\n  terachat admin show\n  terachat admin show --log registry.log')
    .action(show);
}

function parseDays(text: string): number {
  const days = parseCount(text);
  if (days <= MAX_ROOT_DAYS) return days;
  throw new InvalidArgumentError(`At most ${MAX_ROOT_DAYS} days.`);
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

type RotateChoice = Partial<RotateFlags> & { readonly append?: true; readonly log?: string };

async function rotate(
  files: readonly string[],
  { append, log, ...given }: RotateChoice,
  command: Command,
): Promise<void> {
  const flags = { add: [], remove: [], days: ROOT_DAYS, ...given };
  if (append !== undefined) return asPerson((person) => appendRotation(person, files, flags))(command);
  const [file = '', ...others] = files;
  if (others.length > 0) {
    throw new Failure('usage', 'one-file', 'The next admins are prepared in one file.', 'Several are for --append.');
  }
  const output = commandOutput(command);
  if (log !== undefined) return prepareRotation(await readRegistryLog(log), file, { flags, output });
  return asPerson(async (person) => {
    const registry = await openRegistry(person, flags.registry);
    await prepareRotation(await registry.known({ signal: person.signal }), file, { flags, output });
  })(command);
}

async function show({ registry: id, log }: { registry?: string; log?: string }, command: Command): Promise<void> {
  if (log === undefined) return asPerson((person) => showAtRelay(person, id))(command);
  const { chain, state } = await readRegistryLog(log);
  showRegistry(viewRegistry(chain, state), undefined, commandOutput(command));
}

async function showAtRelay(person: Person, id: string | undefined): Promise<void> {
  const registry = await openRegistry(person, id);
  const view = await registry.view({ signal: person.signal });
  showRegistry(view, (await pinnedRegistry(person)) ?? null, person.output);
}
