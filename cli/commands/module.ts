import type { Command } from 'commander';
import { verifyModuleStatically } from '../../core/index.ts';
import { Answered } from '../failure.ts';
import { noPolicyModule, readModuleFile } from '../module/module-file.ts';
import { collect, commandOutput } from '../options.ts';
import type { Output } from '../output.ts';
import { addProjectCommands } from './module-project.ts';
import { addRegistryCommands, verifyInRegistry, type VerifyFlags } from './module-registry.ts';

export function addModule(program: Command): void {
  const module = program.command('module').summary('policy modules: make, try, sign, publish and bind them');
  addProjectCommands(module);
  addRegistryCommands(module);
  addVerify(module);
}

function addVerify(module: Command): void {
  module
    .command('verify')
    .argument('<file>', 'a WebAssembly module')
    .option('--static', 'the bare module only: its form, types, exports and bounds')
    .option('--envelope <file>', 'what the admins signed, where it is not published; copies are put together', collect)
    .option('--log <file>', 'a saved log of the registry, instead of the relay')
    .option('--registry <id>', 'another registry than the one that your relay has pinned')
    .summary('verify a policy module against the registry')
    .description(
      'Verifies the whole log of the registry, and then a module in it: who signed, how many of them, version, validity, revocation, ' +
        'the bytes, and every rule of policy modules. Nothing is run. With --static only the last, without a relay.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat module verify ledger.wasm\n  terachat module verify ledger.wasm --envelope ledger.json --log registry.log\n' +
        '  terachat module verify ledger.wasm --static --json\n\n' +
        'Names the first rule that is broken, and the byte where it is one of bytes, and\nends with 1.',
    )
    .action(async (file: string, flags: VerifyFlags & { readonly static?: true }, command: Command) => {
      if (flags.static === undefined) await verifyInRegistry(file, flags, command);
      else verifyStatic(file, await readModuleFile(file), commandOutput(command));
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
