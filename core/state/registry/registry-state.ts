import { compareBytes, equalBytes } from '../../bytes/index.ts';
import { opaque, sortedVector, struct, uint64, vector, type Decoded } from '../../codec/index.ts';
import { ACTOR_BYTES, HASH_BYTES } from '../../event/index.ts';
import { genesisBody, type Genesis } from '../genesis.ts';
import type { RuleRefusal } from '../rule.ts';
import { adminRoot, type AdminRoot } from './admin-root.ts';
import { isAmong } from './admin-signatures.ts';
import { moduleManifest } from './module-manifest.ts';

/** Roots that the state keeps, newest last: manifests of an older one can't be verified by the state alone. */
export const MAX_ROOTS = 256;
/** Versions of all modules together. */
export const MAX_MODULES = 2_048;
/** Module hashes that a registry can have revoked, published or not. */
export const MAX_REVOKED_MODULES = 4_096;
/** Keys that it can. */
export const MAX_REVOKED_KEYS = 1_024;

const loggedRoot = struct('LoggedRoot', {
  root: adminRoot,
  /** Entry since which it is in force. */
  index: uint64,
});
const publishedModule = struct('PublishedModule', { manifest: moduleManifest, index: uint64 });
const revokedModule = struct('RevokedModule', { hash: opaque(HASH_BYTES), index: uint64 });
const revokedKey = struct('RevokedKey', { key: opaque(ACTOR_BYTES), index: uint64 });

export const registryStateCodec = struct('RegistryState', {
  genesis: genesisBody,
  lastStrictIndex: uint64,
  /** Who founded the chain: it carries events to the log, and its signature counts for nothing. */
  registrar: opaque(ACTOR_BYTES),
  roots: vector(loggedRoot, MAX_ROOTS),
  /** In the order of the log. */
  modules: vector(publishedModule, MAX_MODULES),
  revokedModules: sortedVector(revokedModule, MAX_REVOKED_MODULES, (a, b) => compareBytes(a.hash, b.hash)),
  revokedKeys: sortedVector(revokedKey, MAX_REVOKED_KEYS, (a, b) => compareBytes(a.key, b.key)),
});

export type RegistryState = Decoded<typeof registryStateCodec>;
export type PublishedModule = Decoded<typeof publishedModule>;

/** What is known of the registry that a deployment has pinned: its id, and what replay of its log gave. */
export interface KnownRegistry {
  readonly chain: Uint8Array;
  readonly state: RegistryState;
}

/** The genesis brings the founding root, so that whoever pins the chain id has pinned the keys (`AR1`). */
export function foundRegistry(genesis: Genesis, founder: Uint8Array, root: AdminRoot): RegistryState {
  return {
    genesis,
    lastStrictIndex: 0,
    registrar: founder.slice(),
    roots: [{ root, index: 0 }],
    modules: [],
    revokedModules: [],
    revokedKeys: [],
  };
}

/** The root in force. */
export function currentRoot({ roots }: RegistryState): AdminRoot {
  const newest = roots.at(-1);
  if (newest === undefined) throw new Error('a registry has a root from its genesis on');
  return newest.root;
}

/** Keys that sign for nothing any more, and can't become admins again. */
export function revokedKeysOf({ revokedKeys }: RegistryState): readonly Uint8Array[] {
  return revokedKeys.map(({ key }) => key);
}

/** The newest version of a name, if any. */
export function newestVersion({ modules }: RegistryState, name: string): PublishedModule | undefined {
  return modules.findLast(({ manifest }) => manifest.name === name);
}

/** The publication of a module with this SHA-256, if any. */
export function findModule({ modules }: RegistryState, hash: Uint8Array): PublishedModule | undefined {
  return modules.find(({ manifest }) => equalBytes(manifest.hash, hash));
}

/** Index of the entry that revoked the module, if any. */
export function moduleRevokedAt({ revokedModules }: RegistryState, hash: Uint8Array): number | undefined {
  return revokedModules.find((revoked) => equalBytes(revoked.hash, hash))?.index;
}

/**
 * Who may carry what the admins signed to the log (`AR3`): the registrar, whose key can be where no admin's is, and every admin in
 * force, so that a lost registrar stops nothing. What is carried is decided by the signatures in it alone.
 */
export function requireCarrier(state: RegistryState, actor: Uint8Array): RuleRefusal | undefined {
  return isCarrier(state, actor) ? undefined : { code: 'not-permitted' };
}

/** The same as a question. */
export function isCarrier(state: RegistryState, actor: Uint8Array): boolean {
  if (equalBytes(state.registrar, actor)) return true;
  return isAmong(currentRoot(state).keys, actor) && !isAmong(revokedKeysOf(state), actor);
}
