import { compareBytes, equalBytes } from '../../bytes/index.ts';
import { choice, encode, opaque, struct, uint64, vector, type Decoded } from '../../codec/index.ts';
import { ACTOR_BYTES, defineEvent, HASH_BYTES } from '../../event/index.ts';
import type { Position, Rule } from '../rule.ts';
import { adminSignatures, checkSigners, isAmong, type SignedStatement } from './admin-signatures.ts';
import { MAX_ADMINS } from './admin-root.ts';
import type { RegistryRefusal } from './refusal.ts';
import {
  currentRoot,
  MAX_REVOKED_KEYS,
  MAX_REVOKED_MODULES,
  requireCarrier,
  revokedKeysOf,
  type RegistryState,
} from './registry-state.ts';

/** DSSE type of a revocation. */
export const REVOCATION_TYPE = 'application/vnd.terachat.module-revocation.v1+tls';
/** Modules in one revocation. */
const MAX_REVOCATION_MODULES = 64;

/** What admins sign to take modules and keys back: its payload in DSSE is this encoding. */
export const moduleRevocation = struct('ModuleRevocation', {
  /** Chain of the registry. */
  registry: opaque(HASH_BYTES),
  /** Epoch of the root whose keys sign. */
  adminEpoch: uint64,
  reason: choice('RevocationReason', { superseded: 1, faulty: 2, compromised: 3, other: 4 }),
  /** SHA-256 of each module, published or not: one that is known to be hostile can be kept out before. */
  modules: vector(opaque(HASH_BYTES), MAX_REVOCATION_MODULES),
  /** Keys that sign for nothing any more, admins or not. */
  keys: vector(opaque(ACTOR_BYTES), MAX_ADMINS),
});
const revokedBody = struct('ModuleRevoked', { revocation: moduleRevocation, signatures: adminSignatures });

export type ModuleRevocation = Decoded<typeof moduleRevocation>;
export type ModuleRevoked = Decoded<typeof revokedBody>;

/** Takes modules and admin keys back, for good (`AR10`). */
export const moduleRevoked = defineEvent({
  type: 0x0303,
  name: 'registry.module-revoked',
  ordering: 'strict',
  body: revokedBody,
});

export const moduleRevokedRule: Rule<RegistryState, ModuleRevoked> = {
  definition: moduleRevoked,
  permit: requireCarrier,
  check: checkRevocation,
  apply: (state, { index }, { revocation: { modules, keys } }) => ({
    ...state,
    revokedModules: [...state.revokedModules, ...modules.map((hash) => ({ hash: hash.slice(), index }))].sort((a, b) =>
      compareBytes(a.hash, b.hash),
    ),
    revokedKeys: [...state.revokedKeys, ...keys.map((key) => ({ key: key.slice(), index }))].sort((a, b) =>
      compareBytes(a.key, b.key),
    ),
  }),
};

function checkRevocation(
  state: RegistryState,
  { chain, relayTime, verify }: Position,
  body: ModuleRevoked,
): RegistryRefusal | undefined {
  const { registry, adminEpoch } = body.revocation;
  const root = currentRoot(state);
  if (!equalBytes(registry, chain)) return { code: 'wrong-registry' };
  if (adminEpoch !== root.epoch) return { code: 'wrong-admin-epoch', epoch: root.epoch };
  if (relayTime >= root.expiresAt) return { code: 'root-expired', expiresAt: root.expiresAt };
  return (
    checkRevoked(state, body.revocation) ??
    checkSigners(revocationStatement(body), [root], revokedKeysOf(state), verify)
  );
}

/** What was signed. The bytes are those that were received: a value has one encoding (`EN1`). */
function revocationStatement({ revocation, signatures }: ModuleRevoked): SignedStatement {
  return { payloadType: REVOCATION_TYPE, payload: encode(moduleRevocation, revocation), signatures };
}

function checkRevoked(state: RegistryState, { modules, keys }: ModuleRevocation): RegistryRefusal | undefined {
  if (modules.length === 0 && keys.length === 0) return { code: 'nothing-revoked' };
  const earlierModules = state.revokedModules.map(({ hash }) => hash);
  const earlierKeys = revokedKeysOf(state);
  if (repeats(modules, earlierModules) || repeats(keys, earlierKeys)) return { code: 'already-revoked' };
  const { keys: admins, threshold } = currentRoot(state);
  const left = admins.filter((key) => !isAmong(keys, key) && !isAmong(earlierKeys, key)).length;
  // Nobody could sign for anything any more, not even for the next root: those admins rotate instead.
  if (left < threshold) return { code: 'too-few-admins', threshold, left };
  return (
    checkRoom(MAX_REVOKED_MODULES, earlierModules.length + modules.length) ??
    checkRoom(MAX_REVOKED_KEYS, earlierKeys.length + keys.length)
  );
}

function repeats(values: readonly Uint8Array[], earlier: readonly Uint8Array[]): boolean {
  return values.some((value, i) => isAmong(earlier, value) || isAmong(values.slice(0, i), value));
}

function checkRoom(limit: number, actual: number): RegistryRefusal | undefined {
  return actual > limit ? { code: 'registry-full', limit, actual } : undefined;
}
