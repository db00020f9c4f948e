import { equalBytes } from '../../bytes/index.ts';
import { encode, opaque, struct, type Decoded } from '../../codec/index.ts';
import { defineEvent, HASH_BYTES } from '../../event/index.ts';
import type { Position, Rule } from '../rule.ts';
import { adminRoot, checkAdminRoot } from './admin-root.ts';
import { adminSignatures, checkSigners, isAmong, type SignedStatement } from './admin-signatures.ts';
import type { RegistryRefusal } from './refusal.ts';
import { currentRoot, MAX_ROOTS, requireCarrier, revokedKeysOf, type RegistryState } from './registry-state.ts';

/** DSSE type of a new root. */
export const ADMIN_ROTATION_TYPE = 'application/vnd.terachat.admin-rotation.v1+tls';

/** What the admins of two roots sign: its payload in DSSE is this encoding. */
export const adminRotation = struct('AdminRotation', {
  /** Chain of the registry. */
  registry: opaque(HASH_BYTES),
  root: adminRoot,
});
const rotatedBody = struct('AdminsRotated', { rotation: adminRotation, signatures: adminSignatures });

export type AdminRotation = Decoded<typeof adminRotation>;
export type AdminsRotated = Decoded<typeof rotatedBody>;

/** Puts another root in force (`AR7`), as The Update Framework does it: signed by the old one and by itself. */
export const adminsRotated = defineEvent({
  type: 0x0301,
  name: 'registry.admins-rotated',
  ordering: 'strict',
  body: rotatedBody,
});

export const adminsRotatedRule: Rule<RegistryState, AdminsRotated> = {
  definition: adminsRotated,
  permit: requireCarrier,
  check: checkRotation,
  apply: (state, { index }, { rotation }) => ({
    ...state,
    roots: [...state.roots, { root: copyRoot(rotation), index }].slice(-MAX_ROOTS),
  }),
};

/** The old root may have expired: else a registry whose admins were late could never go on (TUF 1.0 §5.3.10). */
function checkRotation(
  state: RegistryState,
  { chain, relayTime, verify }: Position,
  body: AdminsRotated,
): RegistryRefusal | undefined {
  const { registry, root } = body.rotation;
  const current = currentRoot(state);
  if (!equalBytes(registry, chain)) return { code: 'wrong-registry' };
  if (root.epoch !== current.epoch + 1) return { code: 'root-out-of-order', epoch: current.epoch };
  const invalid = checkAdminRoot(root);
  if (invalid !== undefined) return invalid;
  if (relayTime >= root.expiresAt) return { code: 'root-expired', expiresAt: root.expiresAt };
  const revoked = revokedKeysOf(state);
  const returning = root.keys.find((key) => isAmong(revoked, key));
  if (returning !== undefined) return { code: 'admin-key-revoked', key: returning };
  return checkSigners(rotationStatement(body), [current, root], revoked, verify);
}

/** What was signed. The bytes are those that were received: a value has one encoding (`EN1`). */
function rotationStatement({ rotation, signatures }: AdminsRotated): SignedStatement {
  return { payloadType: ADMIN_ROTATION_TYPE, payload: encode(adminRotation, rotation), signatures };
}

function copyRoot({ root }: AdminRotation): AdminRotation['root'] {
  return { ...root, keys: root.keys.map((key) => key.slice()) };
}
