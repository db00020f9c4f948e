import { currentRoot, moduleRevokedAt, revokedKeysOf, toBase64Url, type RegistryState } from '../../core/index.ts';
import { fingerprintOf } from '../actor-name.ts';

/** A key that signs for a registry. */
export interface AdminView {
  /** base64url */
  readonly key: string;
  readonly fingerprint: string;
  /** Revoked keys stay in the root in force, and count for nothing. */
  readonly isRevoked: boolean;
}

/** The admins in force, and how many of them it takes. */
export interface RootView {
  readonly epoch: number;
  readonly admins: readonly AdminView[];
  readonly threshold: number;
  /** Relay time in ms from which it signs for nothing but the next root. */
  readonly expiresAt: number;
  /** Entry since which it is in force. */
  readonly since: number;
}

/** A module that was published. Hashes are base64url, times ms. */
export interface ModuleView {
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  readonly previous: string | undefined;
  readonly abi: number;
  readonly size: number;
  readonly fuel: number;
  readonly pages: number;
  readonly notBefore: number;
  readonly expiresAt: number;
  readonly adminEpoch: number;
  /** Entry that published it. */
  readonly index: number;
  /** Entry that took it back. */
  readonly revokedAt: number | undefined;
}

/** A registry as its verified log says. */
export interface RegistryView {
  /** Chain id, base64url: what a deployment pins. */
  readonly id: string;
  /** Who founded the chain and carries to it: no admin, unless it is also one of them. */
  readonly registrar: string;
  readonly root: RootView;
  /** In the order of the log, revoked ones included. */
  readonly modules: readonly ModuleView[];
  /** Hashes that were taken back, published or not, with the entry that did. */
  readonly revokedModules: readonly { readonly hash: string; readonly index: number }[];
  readonly revokedKeys: readonly { readonly key: string; readonly index: number }[];
}

/** For people and programs: everything as text and numbers. */
export function viewRegistry(chain: Uint8Array, state: RegistryState): RegistryView {
  return {
    id: toBase64Url(chain),
    registrar: toBase64Url(state.registrar),
    root: viewRoot(state),
    modules: state.modules.map(({ manifest: { registry: _, ...manifest }, index }) => ({
      ...manifest,
      hash: toBase64Url(manifest.hash),
      previous: manifest.previous && toBase64Url(manifest.previous),
      index,
      revokedAt: moduleRevokedAt(state, manifest.hash),
    })),
    revokedModules: state.revokedModules.map(({ hash, index }) => ({ hash: toBase64Url(hash), index })),
    revokedKeys: state.revokedKeys.map(({ key, index }) => ({ key: toBase64Url(key), index })),
  };
}

function viewRoot(state: RegistryState): RootView {
  const { keys, epoch, threshold, expiresAt } = currentRoot(state);
  const revoked = new Set(revokedKeysOf(state).map(toBase64Url));
  const admins = keys.map((bytes) => {
    const key = toBase64Url(bytes);
    return { key, fingerprint: fingerprintOf(bytes), isRevoked: revoked.has(key) };
  });
  return { epoch, admins, threshold, expiresAt, since: state.roots.at(-1)?.index ?? 0 };
}
