import { equalBytes } from '../../bytes/index.ts';
import { encode, struct, type Decoded } from '../../codec/index.ts';
import { defineEvent } from '../../event/index.ts';
import type { Position, Rule } from '../rule.ts';
import { adminSignatures, checkSigners, type SignedStatement } from './admin-signatures.ts';
import { checkManifest, moduleManifest, type ModuleManifest } from './module-manifest.ts';
import type { RegistryRefusal } from './refusal.ts';
import {
  currentRoot,
  findModule,
  MAX_MODULES,
  moduleRevokedAt,
  newestVersion,
  requireCarrier,
  revokedKeysOf,
  type RegistryState,
} from './registry-state.ts';

/** DSSE type of a module's manifest. */
export const MODULE_MANIFEST_TYPE = 'application/vnd.terachat.module-manifest.v1+tls';

const publishedBody = struct('ModulePublished', { manifest: moduleManifest, signatures: adminSignatures });

export type ModulePublished = Decoded<typeof publishedBody>;

/** Makes a WebAssembly module known, under a name and a version (`AR8`). Its bytes are kept beside the log, by their hash. */
export const modulePublished = defineEvent({
  type: 0x0302,
  name: 'registry.module-published',
  ordering: 'strict',
  body: publishedBody,
});

export const modulePublishedRule: Rule<RegistryState, ModulePublished> = {
  definition: modulePublished,
  permit: requireCarrier,
  check: (state, { chain, relayTime, verify }, body) => checkPublication(state, body, { chain, at: relayTime, verify }),
  apply: (state, { index }, { manifest }) => ({
    ...state,
    modules: [...state.modules, { manifest: copyManifest(manifest), index }],
  }),
};

/** Whether the registry would take this publication as its next entry, at that time. */
export function checkPublication(
  state: RegistryState,
  body: ModulePublished,
  { chain, at, verify }: Pick<Position, 'chain' | 'verify'> & { readonly at: number },
): RegistryRefusal | undefined {
  const { manifest } = body;
  const root = currentRoot(state);
  if (!equalBytes(manifest.registry, chain)) return { code: 'wrong-registry' };
  if (manifest.adminEpoch !== root.epoch) return { code: 'wrong-admin-epoch', epoch: root.epoch };
  if (at >= root.expiresAt) return { code: 'root-expired', expiresAt: root.expiresAt };
  return (
    checkManifest(manifest) ??
    checkVersion(state, manifest) ??
    checkValidity(manifest, at) ??
    checkRoom(state) ??
    checkSigners(publicationStatement(body), [root], revokedKeysOf(state), verify)
  );
}

/** Whether a module may be used at a time (`AR9`). */
export function checkValidity({ notBefore, expiresAt }: ModuleManifest, at: number): RegistryRefusal | undefined {
  if (at < notBefore) return { code: 'module-not-yet-valid', notBefore };
  return at >= expiresAt ? { code: 'module-expired', expiresAt } : undefined;
}

/** What was signed. The bytes are those that were received: a value has one encoding (`EN1`). */
function publicationStatement({ manifest, signatures }: ModulePublished): SignedStatement {
  return { payloadType: MODULE_MANIFEST_TYPE, payload: encode(moduleManifest, manifest), signatures };
}

/** Versions rise and name what they follow, so that an old one with a known fault can't come back as the newest. */
function checkVersion(
  state: RegistryState,
  { name, version, previous, hash }: ModuleManifest,
): RegistryRefusal | undefined {
  const revokedAt = moduleRevokedAt(state, hash);
  if (revokedAt !== undefined) return { code: 'module-revoked', at: revokedAt };
  const published = findModule(state, hash);
  if (published !== undefined) return { code: 'module-already-published', at: published.index };
  const newest = newestVersion(state, name)?.manifest;
  if (newest !== undefined && version <= newest.version) {
    return { code: 'module-version-not-rising', version: newest.version };
  }
  const follows = newest === undefined ? previous === undefined : previous && equalBytes(previous, newest.hash);
  return follows === true ? undefined : { code: 'wrong-previous-version', previous: newest?.hash };
}

function checkRoom({ modules }: RegistryState): RegistryRefusal | undefined {
  const actual = modules.length + 1;
  return actual > MAX_MODULES ? { code: 'registry-full', limit: MAX_MODULES, actual } : undefined;
}

function copyManifest(manifest: ModuleManifest): ModuleManifest {
  const { registry, previous, hash } = manifest;
  return { ...manifest, registry: registry.slice(), previous: previous?.slice(), hash: hash.slice() };
}
