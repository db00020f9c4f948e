import type { Command } from 'commander';
import { statementSigners, toBase64Url, type KnownRegistry } from '../../core/index.ts';
import { fingerprintOf, signStatement } from '../../sdk/index.ts';
import { confirm } from '../confirm.ts';
import { Failure } from '../failure.ts';
import { commandOutput } from '../options.ts';
import type { Output } from '../output.ts';
import { interruptSignal } from '../person.ts';
import { readStatementFiles, writeEnvelope, type StatementFile } from './envelope-file.ts';
import { openKeyFile, type KeyFlags } from './key-file.ts';
import { readRegistryLog } from './known-registry.ts';
import { reviewStatement } from './review.ts';
import { isAmong, signersOf, tallyOf, tallyText } from './signatures.ts';
import { statementDocument, statementText } from './statement-view.ts';

export interface SignFlags extends KeyFlags {
  readonly key: string;
  readonly log?: string;
  readonly registry?: string;
  readonly yes?: true;
}

/** The options of whatever signs a statement. */
export function addSignOptions(command: Command): Command {
  return command
    .requiredOption('--key <file>', 'your admin key, as `admin key` made it')
    .option('--passphrase-file <file>', 'takes its first line, instead of asking')
    .option('--log <file>', 'saved log of the registry: refuses what it would not take')
    .option('--registry <id>', 'refuses what is for another registry')
    .option('--yes', 'signs without asking');
}

/** The action of `admin sign`. */
export async function signFile(file: string, flags: SignFlags, command: Command): Promise<void> {
  const interrupt = interruptSignal();
  try {
    await signStatementFile({ file, from: await readStatementFiles([file]), replaces: true }, flags, {
      output: commandOutput(command),
      signal: interrupt.signal,
    });
  } finally {
    interrupt.release();
  }
}

const UNCHECKED = '  Nobody has looked whether the registry would take it: --log does.';

/** A statement that is to be signed, and the file that it then is in. */
export interface SigningTask {
  readonly file: string;
  readonly from: StatementFile;
  /** Whether `file` is where it came from. */
  readonly replaces: boolean;
  /** The registry as it was asked, where no log of it is given. */
  readonly asked?: KnownRegistry | undefined;
}

/** Shows a statement, asks, signs it and writes it down. Refuses what no registry, or not this one, would take. */
export async function signStatementFile(
  { file, from, replaces, asked }: SigningTask,
  flags: SignFlags,
  { output, signal }: { readonly output: Output; readonly signal: AbortSignal },
): Promise<void> {
  const registry = flags.log === undefined ? asked : await readRegistryLog(flags.log);
  const now = Date.now();
  reviewStatement(from, { registry, id: flags.registry, now });
  const before = signersOf(from.envelope);
  output.note(`${statementText(from.statement, { registry, now })}\n`);
  if (flags.yes === undefined) await confirm('Sign this?', output, signal);
  const signer = await openKeyFile(flags.key, flags, signal);
  refuseStranger([flags.key, signer.actor], from, registry);
  const envelope = await signStatement(from.envelope, signer);
  const isNew = !isAmong(before, signer.actor);
  if (isNew || !replaces) await writeEnvelope(file, envelope, { replaces });
  const signers = isNew ? [...before, signer.actor] : before;
  const tallies = tallyOf(signers, from.statement, registry);
  const name = fingerprintOf(signer.actor);
  const said = isNew ? `Signed with ${name} in ${file}.` : `${file} was signed with ${name} already.`;
  output.result(
    {
      file,
      key: toBase64Url(signer.actor),
      isNew,
      signers: signers.map(toBase64Url),
      ...(statementDocument(from.statement) as object),
    },
    [said, registry === undefined ? UNCHECKED : '', tallyText(tallies)].filter((text) => text !== '').join('\n'),
  );
}

/** One signature of a key that does not count spoils the whole envelope, so it never gets there. */
function refuseStranger(
  [file, key]: readonly [file: string, key: Uint8Array],
  { statement }: StatementFile,
  registry: KnownRegistry | undefined,
): void {
  if (registry === undefined || isAmong(statementSigners(statement, registry), key)) return;
  const message = `${file} is none of the keys that count here: its fingerprint is ${fingerprintOf(key)}. Nothing was signed.`;
  throw new Failure('failed', 'signer-unknown', message, 'terachat admin show lists those that do.');
}
