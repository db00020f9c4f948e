import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { MAX_MODULE_BYTES, MODULE_RULES, verifyModuleStatically } from '../../core/index.ts';
import { Answered, Failure } from '../failure.ts';
import { commandOutput } from '../options.ts';
import type { Output } from '../output.ts';

export function addModule(program: Command): void {
  const module = program.command('module').summary('check policy modules').description('Checks policy modules.');
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

/** Of a larger file only as much as shows that it is no module. */
async function readModuleFile(file: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { end: MAX_MODULE_BYTES })) chunks.push(chunk as Buffer);
  return new Uint8Array(Buffer.concat(chunks));
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
  const message = `${file} is no policy module. At byte ${offset}: ${MODULE_RULES[rule]} (${rule}).`;
  throw new Failure('failed', rule, message, 'docs/spec/policies.md says what a module may have.');
}
