import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  checkBytes,
  embedToolSignature,
  toolSignatureMessage,
  type KnownRegistry,
  type VerifiedModule,
} from '../../core/index.ts';
import { fingerprintOf } from '../../sdk/index.ts';
import { readStatementFiles, type StatementFile } from '../admin/envelope-file.ts';
import { openKeyFile } from '../admin/key-file.ts';
import { readRegistryLog } from '../admin/known-registry.ts';
import { openRegistry } from '../admin/own-registry.ts';
import { signStatementFile, type SignFlags } from '../admin/sign.ts';
import { Failure } from '../failure.ts';
import { commandOutput } from '../options.ts';
import { asPerson, interruptSignal } from '../person.ts';
import { readPolicyModule } from './module-file.ts';
import { manifestFor, type ManifestChoices } from './own-manifest.ts';
import { untrusted } from './trust.ts';

export interface ModuleSignFlags extends SignFlags, ManifestChoices {
  /** Where to write the module with a signature that other tools look for. */
  readonly export?: string;
}

/** Signs a module: a manifest for the registry, which is made where the file is not there yet, or a copy of the module for other tools. */
export async function signModule(
  [file, envelopeFile]: readonly [string, string | undefined],
  flags: ModuleSignFlags,
  command: Command,
): Promise<void> {
  if ((envelopeFile === undefined) === (flags.export === undefined)) {
    throw new Failure('usage', 'sign-what', 'Name the file of the manifest, or one to --export to.');
  }
  const module = await readPolicyModule(file);
  const interrupt = interruptSignal();
  const place = { output: commandOutput(command), signal: interrupt.signal };
  try {
    if (envelopeFile === undefined) return await exportModule([file, module], flags, place);
    const replaces = existsSync(envelopeFile);
    const task = replaces
      ? { from: await readManifest(envelopeFile, [file, module]) }
      : await newManifest([file, module], flags, command);
    await signStatementFile({ file: envelopeFile, replaces, ...task }, flags, place);
  } finally {
    interrupt.release();
  }
}

type FiledModule = readonly [file: string, module: VerifiedModule];
type Place = Parameters<typeof signStatementFile>[2];

/** What another admin has begun: of these very bytes, or nobody should sign it. */
async function readManifest(envelopeFile: string, [file, { bytes }]: FiledModule): Promise<StatementFile> {
  const from = await readStatementFiles([envelopeFile]);
  if (from.statement.kind !== 'publication') {
    const message = `${envelopeFile} is a ${from.statement.kind}, and no manifest.`;
    throw new Failure('failed', 'unsupported-statement', message, 'terachat admin sign adds a signature to it.');
  }
  const module = checkBytes(bytes, from.statement.value);
  if (!module.ok) throw untrusted(file, module.error);
  return from;
}

/** The registry is known from its saved log, or from the relay of the profile. */
async function newManifest(
  [file, module]: FiledModule,
  flags: ModuleSignFlags,
  command: Command,
): Promise<{ readonly from: StatementFile; readonly asked: KnownRegistry }> {
  const asked = flags.log === undefined ? await askRegistry(flags, command) : await readRegistryLog(flags.log);
  return { from: manifestFor(module, { ...flags, file, now: Date.now(), registry: asked }), asked };
}

async function askRegistry(flags: ModuleSignFlags, command: Command): Promise<KnownRegistry> {
  let known: KnownRegistry | undefined;
  await asPerson(async (person) => {
    known = await (await openRegistry(person, flags.registry)).known({ signal: person.signal });
  })(command);
  if (known === undefined) throw new Error('a registry is read or refused');
  return known;
}

async function exportModule(
  [file, module]: FiledModule,
  flags: ModuleSignFlags,
  { output, signal }: Place,
): Promise<void> {
  const out = flags.export as string;
  const signer = await openKeyFile(flags.key, flags, signal);
  const signature = await signer.sign(toolSignatureMessage(module));
  await writeFile(out, embedToolSignature(module, { key: signer.actor, signature }), { flag: 'wx' });
  const name = fingerprintOf(signer.actor);
  const text = `${out} is ${file} with a signature of ${name} that other tools can verify.\nRegistries take no notice of it.`;
  output.result({ file: out, key: name }, text);
}
