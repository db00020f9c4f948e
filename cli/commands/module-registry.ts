import { Option, type Command } from 'commander';
import { checkBytes, DEFAULT_POLICY_FUEL, toBase64Url, type TrustedModule } from '../../core/index.ts';
import { carryStatement, type CarryFlags } from '../admin/carry.ts';
import { addSignOptions } from '../admin/sign.ts';
import { Answered, Failure } from '../failure.ts';
import { bindModule, type BindFlags } from '../module/bind-module.ts';
import { readModuleFile } from '../module/module-file.ts';
import { appendRevocation, prepareRevocation, type RevokeFlags } from '../module/revoke-module.ts';
import { signModule, type ModuleSignFlags } from '../module/sign-module.ts';
import {
  envelopeOf,
  judgeModule,
  registryAtRelay,
  registryInFile,
  untrusted,
  type RegistryLog,
} from '../module/trust.ts';
import { collect, commandOutput, parseCount } from '../options.ts';
import type { Output } from '../output.ts';
import { asPerson, type Person } from '../person.ts';
import { utcTime } from '../utc-time.ts';

const MODULE_DAYS = 365;
const REASONS = ['superseded', 'faulty', 'compromised', 'other'] as const;
const REGISTRY = 'another registry than the one that your relay has pinned';
const ENVELOPES = 'what the admins signed; copies that were signed apart are put together';

/** How a module comes to be trusted, and no longer is. */
export function addRegistryCommands(module: Command): void {
  addSign(module);
  addPublish(module);
  addRevoke(module);
  addBind(module);
}

function addSign(module: Command): void {
  const command = module
    .command('sign')
    .argument('<wasm>', 'a WebAssembly module')
    .argument('[file]', 'its signed manifest; is made where it is not there yet');
  addSignOptions(command)
    .option('--name <name>', 'in the registry (default: the name of the file)')
    .option('--module-version <number>', 'default: one more than the newest', parseCount)
    .option('--fuel <units>', 'what one call may use up', parseCount, DEFAULT_POLICY_FUEL)
    .option('--days <number>', 'how long it may be used', parseCount, MODULE_DAYS)
    .option('--export <file>', 'write the module with a signature that other tools look for, and sign no manifest')
    .summary('sign a policy module for a registry')
    .description(
      'Makes the manifest of a module as the next version of its name, or takes the one that another admin has begun, shows it in ' +
        'words, asks, and adds your signature. A module that breaks a rule is not signed. With --log it needs no network.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat module sign ledger.wasm ledger.json --key ada.key --log registry.log\n' +
        '  terachat module sign ledger.wasm --export ledger.signed.wasm --key ada.key',
    )
    .action((file: string, envelope: string | undefined, flags: ModuleSignFlags, self: Command) =>
      signModule([file, envelope], flags, self),
    );
}

function addPublish(module: Command): void {
  addCarryOptions(module.command('publish').argument('<wasm>', 'a WebAssembly module').argument('<file...>', ENVELOPES))
    .summary('bring a signed module to the registry')
    .description('Brings a module to the registry of the relay, with the manifest that enough admins have signed.')
    .addHelpText('after', '\nExample:\n  terachat module publish ledger.wasm ledger-ada.json ledger-ben.json')
    .action(asPerson<CarryFlags>((person, args, flags) => publish(person, args as [string, ...string[]], flags)));
}

function addRevoke(module: Command): void {
  addCarryOptions(module.command('revoke').argument('<files...>', 'where to write it; with --append, what was signed'))
    .option('--module <module>', 'a hash, NAME or NAME@VERSION; several times for several', collect)
    .option('--admin <key>', 'an admin’s key, or its .pub file; several times for several', collect)
    .addOption(new Option('--reason <reason>', 'for everybody').choices(REASONS).default('other'))
    .option('--append', 'bring what was signed to the registry')
    .summary('take modules or admin keys back, for good')
    .description(
      'Writes into a file what is to be taken back. Enough admins sign it, each with `admin sign`, and then it is appended. From then ' +
        'on no chain takes anything more by these modules, and these keys sign for nothing.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat module revoke revocation.json --module ledger@2 --reason faulty\n  terachat module revoke --append revocation.json',
    )
    .action(
      asPerson<Partial<RevokeFlags> & Pick<RevokeFlags, 'reason'> & { append?: true }>((person, files, flags) => {
        if (flags.append !== undefined) return appendRevocation(person, files, flags);
        const [file = '', ...others] = files;
        if (others.length > 0) throw new Failure('usage', 'one-file', 'It is written into one file.');
        return prepareRevocation(person, file, { module: [], admin: [], ...flags });
      }),
    );
}

function addBind(module: Command): void {
  module
    .command('bind')
    .argument('<group>', 'name or id; you own it')
    .argument('[module]', 'its file, its hash, NAME or NAME@VERSION in the registry')
    .option('--guard <event>', 'it also has to let these through, such as group.message; several times', collect)
    .option('--none', 'take the policy out of force, and its state with it')
    .option('--registry <id>', REGISTRY)
    .summary('put a policy module in force in a group')
    .description(
      'Puts a published module in force in a group, or a later version in its place, which takes over its state. From then on ' +
        'it decides over records, and over what it guards.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat module bind shop ledger.wasm\n  terachat module bind shop access@2 --guard group.member-added\n' +
        '  terachat module bind shop --none',
    )
    .action(
      asPerson<Partial<BindFlags>>((person, [group = '', name], flags) =>
        bindModule(person, [group, name], { guard: [], ...flags }),
      ),
    );
}

function addCarryOptions(command: Command): Command {
  return command
    .option('--registry <id>', REGISTRY)
    .option('--key <file>', 'carry it as this admin, where you are not who founded the registry')
    .option('--passphrase-file <file>', 'of that key: takes its first line, instead of asking');
}

async function publish(person: Person, [file, ...files]: [string, ...string[]], flags: CarryFlags): Promise<void> {
  const bytes = await readModuleFile(file);
  const { registry, from } = await carryStatement(person, files, { ...flags, kind: 'publication' });
  const module = checkBytes(bytes, from.statement.value);
  if (!module.ok) throw untrusted(file, module.error);
  const { index, relayTime } = await registry.publish(from.envelope, bytes, { signal: person.signal });
  const { name, version, hash } = from.statement.value;
  person.output.result(
    {
      registry: registry.id,
      index,
      relayTime,
      name,
      version,
      hash: toBase64Url(hash),
      signers: from.signers.map(toBase64Url),
    },
    `${name} ${version} is published, by entry ${index} of the registry.\n  ${toBase64Url(hash)}`,
  );
}

export interface VerifyFlags {
  readonly log?: string;
  readonly registry?: string;
  readonly envelope?: readonly string[];
}

/** Verifies a module against a registry: at the relay of the profile, or in its saved log. */
export async function verifyInRegistry(file: string, flags: VerifyFlags, command: Command): Promise<void> {
  const bytes = await readModuleFile(file);
  const verify = async (registry: RegistryLog): Promise<void> =>
    judge([file, bytes], registry, { files: flags.envelope ?? [], output: commandOutput(command) });
  if (flags.log !== undefined) return verify(await registryInFile(flags.log));
  await asPerson(async (person) => verify(await registryAtRelay(person, flags.registry)))(command);
}

async function judge(
  [file, bytes]: readonly [string, Uint8Array],
  registry: RegistryLog,
  { files, output }: { readonly files: readonly string[]; readonly output: Output },
): Promise<void> {
  const envelope = await envelopeOf(bytes, registry, files);
  const judged = envelope && judgeModule(bytes, registry, envelope);
  if (judged?.ok === true) return trusted(file, judged.value, output);
  const [rule, offset] =
    judged === undefined ? ['module-not-published' as const] : [judged.error.rule, judged.error.offset];
  if (output.isJson) {
    output.result({ ok: false, rule, offset: offset ?? null }, '');
    throw new Answered('failed');
  }
  if (judged !== undefined) throw untrusted(file, judged.error);
  const message = `${file} is not published.`;
  throw new Failure('failed', rule, message, '--envelope FILE verifies what the admins signed of it.');
}

function trusted(file: string, { manifest, publishedAt }: TrustedModule, output: Output): void {
  const { name, version, expiresAt } = manifest;
  const state =
    publishedAt === undefined ? 'can be published' : `is published, by entry ${publishedAt} of the registry`;
  output.result(
    { ok: true, rule: null, offset: null, name, version, publishedAt: publishedAt ?? null, expiresAt },
    `${file} is ${name} ${version}, which ${state}.\nIt may be used until ${utcTime(expiresAt)}.`,
  );
}
