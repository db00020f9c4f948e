import type { Command } from 'commander';
import { verifyModuleStatically } from '../../core/index.ts';
import { Answered } from '../failure.ts';
import { noPolicyModule, readModuleFile } from '../module/module-file.ts';
import { commandOutput } from '../options.ts';
import type { Output } from '../output.ts';
import { addProjectCommands } from './module-project.ts';

export function addModule(program: Command): void {
  const module = program.command('module').summary('policy modules: make, try, sign, publish and bind them');
  addProjectCommands(module);
  addVerify(module);
}

function addVerify(module: Command): void {
  module
    .command('verify')
    .argument('<file>', 'a WebAssembly module')
    .requiredOption('--static', 'check the bare module: its form, types, exports and bounds')
    .summary('check that a file is a policy module')
    .description(
      'Checks that a file is a policy module, without running it: no imports, integers only, sound types, the exports of ' +
        'a policy, everything bounded.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat module verify ledger.wasm --static\n  terachat module verify ledger.wasm --static --json\n\n' +
        'Names the first rule that is broken and the byte where, and ends with 1.',
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      verifyStatic(file, await readModuleFile(file), commandOutput(command));
    });
}

function verifyStatic(file: string, bytes: Uint8Array, output: Output): void {
  const verified = verifyModuleStatically(bytes);
  if (verified.ok) {
    output.result({ ok: true, rule: null, offset: null }, `${file} is a policy module of ${bytes.length} bytes.`);
    return;
  }
  const { rule, offset } = verified.error;
  if (output.isJson) {
    output.result({ ok: false, rule, offset }, '');
    throw new Answered('failed');
  }
  throw noPolicyModule(file, verified.error);
}
