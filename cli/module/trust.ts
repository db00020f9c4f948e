import {
  adminKeyId,
  decode,
  encodeAdminStatement,
  entryCodec,
  eventTbs,
  findModule,
  fromBase64Url,
  modulePublished,
  sha256,
  toBase64Url,
  verifyWasmModule,
  type DsseEnvelope,
  type KnownRegistry,
  type WasmModuleRefusal,
} from '../../core/index.ts';
import { readStatementFiles } from '../admin/envelope-file.ts';
import { openRegistry } from '../admin/own-registry.ts';
import { refusalFailure } from '../admin/refusal-text.ts';
import { ChainDownload } from '../chain-download.ts';
import { Failure } from '../failure.ts';
import { auditedChain, readLogCopy, subjectOf, verifyLog } from '../log-audit.ts';
import type { Person } from '../person.ts';
import { noPolicyModule } from './module-file.ts';

/** A registry's log from its first entry on, verified, with the state that it gives. */
export interface RegistryLog extends KnownRegistry {
  readonly entries: readonly Uint8Array[];
}

/** From a file that `audit --save` wrote. */
export async function registryInFile(file: string): Promise<RegistryLog> {
  const copy = await readLogCopy(file);
  return registryOf(await verifyLog(subjectOf(copy)), copy.entries);
}

/** From the relay: all of it, for nothing that it says is believed. */
export async function registryAtRelay(person: Person, named: string | undefined): Promise<RegistryLog> {
  const { id } = await openRegistry(person, named);
  const download = new ChainDownload(person.session, id, person.signal);
  const entries: Uint8Array[] = [];
  for await (const page of download.pages()) entries.push(...page);
  return registryOf(
    await verifyLog({ chain: auditedChain(id), batches: [entries], checkpoint: () => download.checkpoint }),
    entries,
  );
}

function registryOf(
  { chain, state }: Awaited<ReturnType<typeof verifyLog>>,
  entries: readonly Uint8Array[],
): RegistryLog {
  if (state.kind === 'registry') return { chain, state: state.value, entries };
  throw new Failure('failed', 'not-a-registry', `${toBase64Url(chain)} is a chain of kind ${state.kind}.`);
}

/** What the admins signed of a module: in files, or else with the entry that published it. */
export async function envelopeOf(
  bytes: Uint8Array,
  registry: RegistryLog,
  files: readonly string[],
): Promise<DsseEnvelope | undefined> {
  if (files.length > 0) return (await readStatementFiles(files)).envelope;
  const published = findModule(registry.state, sha256(bytes));
  return published && envelopeIn(registry.entries[published.index]);
}

/** The envelope that an entry carries, as its signers made it (`AR12`). */
function envelopeIn(bytes: Uint8Array | undefined): DsseEnvelope {
  const entry = decode(entryCodec, bytes ?? new Uint8Array());
  const event = entry.ok ? decode(eventTbs, entry.value.event) : entry;
  const body = event.ok ? modulePublished.decodeBody(event.value.body) : event;
  if (!body.ok) throw new Error('what was published stands in the log');
  const { manifest: value, signatures } = body.value;
  return {
    ...encodeAdminStatement({ kind: 'publication', value }),
    signatures: signatures.map(({ key, signature }) => ({ keyId: adminKeyId(key), signature })),
  };
}

/** `verifyWasmModule` for a file: what is trusted, or the first rule that is broken. */
export function judgeModule(
  bytes: Uint8Array,
  { chain, state }: RegistryLog,
  envelope: DsseEnvelope,
): ReturnType<typeof verifyWasmModule> {
  return verifyWasmModule({ envelope, bytes, registry: { chain, state }, at: Date.now() });
}

/** The refusal in words. */
export function untrusted(file: string, { rule, offset, refusal }: WasmModuleRefusal): Failure {
  if (refusal !== undefined) return refusalFailure(refusal);
  switch (rule) {
    case 'module-mismatch':
      return new Failure('failed', rule, `${file} is not the module that was signed.`);
    case 'memory-pages':
      return new Failure('failed', rule, `${file} may ask for more memory than was signed.`);
    default:
      return noPolicyModule(file, { rule, offset: offset ?? 0 } as Parameters<typeof noPolicyModule>[1]);
  }
}

/** A module by its hash, by `name` or `name@version` in a registry. */
export function findHash(text: string, { state }: KnownRegistry): Uint8Array {
  const hash = fromBase64Url(text);
  if (hash?.length === 32) return hash;
  const [name, version] = text.split('@');
  const found = state.modules.findLast(
    ({ manifest }) => manifest.name === name && (version === undefined || String(manifest.version) === version),
  );
  if (found !== undefined) return found.manifest.hash;
  throw new Failure(
    'usage',
    'unknown-module',
    `The registry lists no module '${text}'.`,
    'terachat admin show lists them.',
  );
}
