import { CommanderError, Option, type Command } from 'commander';
import { addAdmin } from './commands/admin.ts';
import { addAdmission } from './commands/admission.ts';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addBlob } from './commands/blob.ts';
import { addChat } from './commands/chat.ts';
import { addCluster } from './commands/cluster.ts';
import { addContact } from './commands/contact.ts';
import { addDemo } from './commands/demo.ts';
import { addDevice } from './commands/device.ts';
import { addDoctor } from './commands/doctor.ts';
import { addGroup } from './commands/group.ts';
import { addIdentity } from './commands/identity.ts';
import { addMessages } from './commands/messages.ts';
import { addModule } from './commands/module.ts';
import { addRequest } from './commands/request.ts';
import { addSchema } from './commands/schema.ts';
import { addServe } from './commands/serve.ts';
import { EXIT } from './exit-codes.ts';
import { Answered, describeFailure, Failure } from './failure.ts';
import { foldLines } from './fold.ts';
import { IdAwareCommand } from './id-aware-command.ts';
import { parseRotateAfter } from './options.ts';
import { packageVersion } from './invocation.ts';
import { table } from './output.ts';

/** Runs one command line and returns the exit code. Never throws and leaves no rejection unhandled. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const isJson = isForPrograms(argv);
  try {
    await createProgram(isJson).parseAsync(argv);
    return EXIT.ok.code;
  } catch (cause) {
    if (cause instanceof Answered) return EXIT[cause.exit].code;
    if (!(cause instanceof CommanderError)) return reportFailure(cause, isJson);
    if (cause.exitCode === 0) return EXIT.ok.code;
    return isJson ? reportFailure(wrongArguments(cause), isJson) : EXIT.usage.code;
  }
}

/** Known before anything is parsed, for what the parser has to say. */
export function isForPrograms(argv: readonly string[]): boolean {
  return argv.includes('--json');
}

/** The parser has told people by itself. */
function wrongArguments({ code, message }: CommanderError): Failure {
  return new Failure('usage', toKebabCase(code.replace('commander.', '')), message, '--help shows what to say');
}

function toKebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The commands, their arguments and options. */
export function createProgram(isJson: boolean): Command {
  const program = new IdAwareCommand('terachat')
    .description('End-to-end encrypted groups over a relay that proves its own honesty.')
    .version(packageVersion(), '-V, --version')
    .addOption(new Option('--json', 'one JSON document a line, for programs'))
    .addOption(
      new Option('--profile <name>', 'who is acting on this machine').default('default').env('TERACHAT_PROFILE'),
    )
    .addOption(new Option('--home <folder>', 'where profiles are kept (default: ~/.terachat)').env('TERACHAT_HOME'))
    .addOption(
      new Option('--rotate-after <days>', 'renew your keys in groups at that age, or "off" (default: 7)')
        .argParser(parseRotateAfter)
        .env('TERACHAT_ROTATE_AFTER'),
    )
    .configureHelp({
      showGlobalOptions: true,
      helpWidth: 80,
      // Its default, 40, leaves lines whole beside commands that have long arguments.
      minWidthToWrap: 30,
      commandDescription: (command) => command.description() || command.summary(),
    })
    .showHelpAfterError('(--help shows what this command takes)')
    .addHelpText('after', () => `\nExit codes:\n${exitCodes()}`)
    .configureOutput({ writeErr: isJson ? () => undefined : (text) => process.stderr.write(foldLines(text)) })
    .exitOverride();
  addServe(program);
  addIdentity(program);
  addBackup(program);
  addDevice(program);
  addGroup(program);
  addContact(program);
  addMessages(program);
  addBlob(program);
  addChat(program);
  addAudit(program);
  addSchema(program);
  addModule(program);
  addAdmin(program);
  addRequest(program);
  addDoctor(program);
  addDemo(program);
  addAdmission(program);
  addCluster(program);
  return program;
}

function exitCodes(): string {
  return table(Object.values(EXIT).map(({ code, meaning }) => [String(code).padStart(3), meaning]));
}

/** People get a sentence and what to do next; programs get the same as JSON on standard error. Returns the exit code. */
export function reportFailure(cause: unknown, isJson: boolean): number {
  const { exit, code, message, hint } = describeFailure(cause);
  // Of a refusal of the relay both are the title of its code.
  const text =
    hint === undefined || message.endsWith(hint) ? `terachat: ${message}` : `terachat: ${message}\n  ${hint}`;
  process.stderr.write(
    `${isJson ? JSON.stringify({ error: { code, message, hint: hint ?? null } }) : foldLines(text)}\n`,
  );
  return EXIT[exit].code;
}
