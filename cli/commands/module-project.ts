import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';
import {
  DEFAULT_POLICY_FUEL,
  meterModule,
  sha256,
  toBase64Url,
  WASM_PAGE_BYTES,
  type VerifiedModule,
} from '../../core/index.ts';
import { Answered, Failure } from '../failure.ts';
import { formatBytes } from '../format-bytes.ts';
import { commandPrefix } from '../invocation.ts';
import { compileProject } from '../module/compile.ts';
import { readPolicyModule } from '../module/module-file.ts';
import { findModulePlace, newProject, openProject, TEMPLATES, type ModulePlace } from '../module/project.ts';
import { readLogRecords } from '../module/log-records.ts';
import { readRecordFile, type RecordFile } from '../module/record-file.ts';
import { replayRecords } from '../module/replay.ts';
import { replayDocument, replayText } from '../module/replay-view.ts';
import { collect, commandOutput, parseCount } from '../options.ts';
import { table } from '../output.ts';

/** How a module is made and tried, on this machine alone. */
export function addProjectCommands(module: Command): void {
  addNew(module);
  addBuild(module);
  addTest(module);
}

function addNew(module: Command): void {
  module
    .command('new')
    .argument('<folder>', 'to make; its name is that of the module')
    .addOption(new Option('--template <sample>', 'what to begin with').choices(TEMPLATES).default(TEMPLATES[0]))
    .summary('begin a policy module of your own')
    .description('Makes a folder with a small policy in AssemblyScript, and records that it is tested with.')
    .addHelpText(
      'after',
      '\nExamples:\n  terachat module new spending\n  terachat module new quorum --template approval',
    )
    .action(async (folder: string, { template }: { template: (typeof TEMPLATES)[number] }, command: Command) => {
      const files = await newProject(folder, template);
      const next = ['build', 'test'].map((step) => `  ${commandPrefix()} module ${step} ${folder}`).join('\n');
      const text = `${folder} begins as the sample '${template}':\n${files.map((file) => `  ${file}`).join('\n')}\n\nNext:\n${next}`;
      commandOutput(command).result({ folder, template, files }, text);
    });
}

function addBuild(module: Command): void {
  module
    .command('build')
    .argument('[folder]', 'of the project', '.')
    .summary('compile a policy module, and see that it is one')
    .description(
      'Compiles a project, checks that it came out as a policy module, and prints its size, its hash, and what the dearest of ' +
        'its records took. The same sources and compiler give the same bytes everywhere.',
    )
    .addHelpText('after', '\nExamples:\n  terachat module build spending\n  cd spending && terachat module build')
    .action(build);
}

function addTest(module: Command): void {
  module
    .command('test')
    .argument('[path]', 'a module, or the folder of a project', '.')
    .option('--records <file>', 'JSON lines; default: beside the module, with its name')
    .addOption(new Option('--log <file>', 'the records of a chain, as `audit --save` kept it').conflicts('records'))
    .addOption(
      new Option('--with <module>', 'one more that decided in that log').argParser(collect).default([], 'none'),
    )
    .option('--fuel <units>', 'what one record may use up', parseCount, DEFAULT_POLICY_FUEL)
    .summary('let a policy module decide over records')
    .description(
      'Lets a module decide over records one after the other, from an empty state on, as a chain would: verdicts, fuel, and ' +
        'the state that they leave. Ends with 1 where a verdict is not the one that its record says.',
    )
    .addHelpText(
      'after',
      `\nExamples:\n  terachat module test spending\n  terachat module test ledger.wasm --records ledger.jsonl\n  terachat module test ledger-2.wasm --log friends.log --with ledger.wasm\n\n${RECORD_HELP}`,
    )
    .action(test);
}

const RECORD_HELP = `A record is a line:
  {"actor":"alice","body":"01 u64:1 key:bob u64:100","verdict":"rejected 4"}

A body is bytes as hex, and u8: u16: u32: u64: time: key: keys: hash: values.
Names stand for keys. at, type, verdict and note may be left out.`;

async function build(folder: string, _options: unknown, command: Command): Promise<void> {
  const project = await openProject(folder);
  compileProject(project);
  const image = await readPolicyModule(project.module);
  const { bytes, memory } = image;
  const [metered, hash] = [meterModule(image).length, toBase64Url(sha256(bytes))];
  const mostFuel = existsSync(project.records) ? await mostFuelOf(project) : undefined;
  const { minimum = 0, maximum = 0 } = memory ?? {};
  const said =
    mostFuel === undefined
      ? `there is no ${project.records}`
      : `${mostFuel.toLocaleString('en')} for the dearest of ${project.records}`;
  const facts = table([
    ['size', `${bytes.length.toLocaleString('en')} bytes, ${metered.toLocaleString('en')} metered`],
    ['memory', `${formatBytes(minimum * WASM_PAGE_BYTES)}, up to ${formatBytes(maximum * WASM_PAGE_BYTES)}`],
    ['fuel', said],
    ['hash', hash],
  ]);
  const document = {
    file: project.module,
    bytes: bytes.length,
    metered,
    hash,
    pages: maximum,
    mostFuel: mostFuel ?? null,
  };
  commandOutput(command).result({ ok: true, ...document }, `${project.module} is a policy module.\n${facts}`);
}

async function mostFuelOf({ module, records }: ModulePlace): Promise<number> {
  const { records: all } = await readRecordFile(records);
  return (await replayRecords(await readPolicyModule(module), all, DEFAULT_POLICY_FUEL)).mostFuel;
}

interface TestFlags {
  readonly records?: string;
  readonly log?: string;
  readonly with: readonly string[];
  readonly fuel: number;
}

async function test(path: string, flags: TestFlags, command: Command): Promise<void> {
  const place = await findModulePlace(path);
  if (!existsSync(place.module)) {
    throw new Failure('failed', 'not-built', `There is no ${place.module} yet.`, 'terachat module build makes it.');
  }
  const module = await readPolicyModule(place.module);
  const { records, labels } = await recordsFor(module, place, flags);
  const replay = await replayRecords(module, records, flags.fuel);
  commandOutput(command).result(replayDocument(replay), replayText(replay, labels));
  if (replay.verdicts.some(({ isExpected }) => !isExpected)) throw new Answered('failed');
}

async function recordsFor(
  module: VerifiedModule,
  { records: beside }: ModulePlace,
  { records, log, with: others }: TestFlags,
): Promise<RecordFile> {
  if (log !== undefined) {
    const modules = [module];
    for (const file of others) modules.push(await readPolicyModule(file));
    return readLogRecords(log, modules);
  }
  const file = records ?? beside;
  if (existsSync(file)) return readRecordFile(file);
  throw new Failure('usage', 'no-records', `There is no ${file}.`, '--records FILE says where the records are.');
}
