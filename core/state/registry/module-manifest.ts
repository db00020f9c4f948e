import { opaque, optional, struct, text, uint16, uint32, uint64, type Decoded } from '../../codec/index.ts';
import { HASH_BYTES } from '../../event/index.ts';
import { MAX_MEMORY_PAGES, MAX_MODULE_BYTES } from '../../policy/module-limits.ts';
import type { ManifestRefusal } from './refusal.ts';

/** The one interface between a relay and a module (`policy_abi_v1`). */
export const MODULE_ABI = 1;
const MAX_MODULE_NAME_BYTES = 64;
const MODULE_NAME = /^[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*$/;

/** What admins sign of a module: its payload in DSSE is this encoding (`AR5`). */
export const moduleManifest = struct('ModuleManifest', {
  /** Chain of the registry that it is for, so that the same admins of another can't be quoted. */
  registry: opaque(HASH_BYTES),
  name: text(MAX_MODULE_NAME_BYTES),
  version: uint32,
  /** SHA-256 of the module that was this name's newest; none for the first. */
  previous: optional(opaque(HASH_BYTES)),
  abi: uint16,
  /** SHA-256 of the module's bytes. */
  hash: opaque(HASH_BYTES),
  size: uint32,
  /** Most that one call may use up. */
  fuel: uint64,
  /** Most memory, in pages of 64 KiB. */
  pages: uint32,
  /** Relay times in ms, the first of which it may be used at and the last of which it may not. */
  notBefore: uint64,
  expiresAt: uint64,
  /** Epoch of the root whose keys sign. */
  adminEpoch: uint64,
});

export type ModuleManifest = Decoded<typeof moduleManifest>;

/** What holds of every manifest, whichever registry it is for (`AR6`). */
export function checkManifest({ name, version, abi, size, fuel, pages }: ModuleManifest): ManifestRefusal | undefined {
  if (!MODULE_NAME.test(name)) return { code: 'invalid-module-manifest', reason: 'name' };
  if (version === 0) return { code: 'invalid-module-manifest', reason: 'version' };
  if (abi !== MODULE_ABI) return { code: 'unsupported-module-abi', abi };
  if (size === 0) return { code: 'invalid-module-manifest', reason: 'size' };
  if (size > MAX_MODULE_BYTES) return { code: 'module-too-large', limitBytes: MAX_MODULE_BYTES, actualBytes: size };
  if (fuel === 0) return { code: 'invalid-module-manifest', reason: 'fuel' };
  return pages === 0 || pages > MAX_MEMORY_PAGES ? { code: 'invalid-module-manifest', reason: 'pages' } : undefined;
}
