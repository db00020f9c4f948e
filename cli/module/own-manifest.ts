import { basename } from 'node:path';
import {
  checkManifest,
  currentRoot,
  DAY_MS,
  encodeAdminStatement,
  MODULE_ABI,
  newestVersion,
  sha256,
  type KnownRegistry,
  type ModuleManifest,
  type VerifiedModule,
} from '../../core/index.ts';
import type { StatementFile } from '../admin/envelope-file.ts';
import { refusalFailure } from '../admin/refusal-text.ts';

/** What whoever makes a manifest decides; the rest follows from the module and the registry. */
export interface ManifestChoices {
  /** Default: the name of the file. */
  readonly name?: string;
  /** Default: one more than the newest, or 1. */
  readonly moduleVersion?: number;
  readonly fuel: number;
  readonly days: number;
}

/** The manifest of a module as the next version of its name in a registry, which nobody has signed yet. */
export function manifestFor(
  module: VerifiedModule,
  {
    file,
    registry,
    now,
    ...choices
  }: ManifestChoices & {
    readonly file: string;
    readonly registry: KnownRegistry;
    readonly now: number;
  },
): StatementFile {
  const { bytes, memory } = module;
  const name = choices.name ?? basename(file, '.wasm');
  const newest = newestVersion(registry.state, name)?.manifest;
  const value: ModuleManifest = {
    registry: registry.chain,
    name,
    version: choices.moduleVersion ?? (newest?.version ?? 0) + 1,
    previous: newest?.hash,
    abi: MODULE_ABI,
    hash: sha256(bytes),
    size: bytes.length,
    fuel: choices.fuel,
    pages: memory?.maximum ?? 0,
    notBefore: now,
    expiresAt: now + choices.days * DAY_MS,
    adminEpoch: currentRoot(registry.state).epoch,
  };
  const fault = checkManifest(value);
  if (fault !== undefined) throw refusalFailure(fault);
  const statement = { kind: 'publication' as const, value };
  return { statement, envelope: { ...encodeAdminStatement(statement), signatures: [] } };
}
