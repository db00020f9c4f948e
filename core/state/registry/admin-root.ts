import { equalBytes } from '../../bytes/index.ts';
import { opaque, struct, uint64, uint8, vector, type Decoded } from '../../codec/index.ts';
import { isAdmissibleKey } from '../../crypto/index.ts';
import { ACTOR_BYTES } from '../../event/index.ts';

/** Keys of one root. */
export const MAX_ADMINS = 16;
/** Epoch of the root that a registry is founded with. */
export const FIRST_ADMIN_EPOCH = 1;

/** Who signs for a registry, how many of them it takes, and until when (`AR1`). */
export const adminRoot = struct('AdminRoot', {
  epoch: uint64,
  keys: vector(opaque(ACTOR_BYTES), MAX_ADMINS),
  threshold: uint8,
  /** Relay time in ms from which it signs for nothing but its successor. */
  expiresAt: uint64,
});

export type AdminRoot = Decoded<typeof adminRoot>;

/** A root that could be misread, or that nobody could ever sign for (`AR2`). */
export interface AdminRootRefusal {
  readonly code: 'invalid-admin-root';
  readonly reason: 'first-epoch' | 'repeated-key' | 'bad-key' | 'threshold';
}

/** What the encoding alone can't rule out (`AR2`). */
export function checkAdminRoot({ keys, threshold }: AdminRoot): AdminRootRefusal | undefined {
  // A key that stands twice would count for two.
  const isRepeated = keys.some((key, i) => keys.slice(0, i).some((earlier) => equalBytes(earlier, key)));
  if (isRepeated) return { code: 'invalid-admin-root', reason: 'repeated-key' };
  if (threshold < 1 || threshold > keys.length) return { code: 'invalid-admin-root', reason: 'threshold' };
  // No signature of such a key is ever taken (`ED2`), so it would make a threshold look lower than it is.
  return keys.every(isAdmissibleKey) ? undefined : { code: 'invalid-admin-root', reason: 'bad-key' };
}

/** The same for the root in a genesis. */
export function checkFoundingRoot(root: AdminRoot): AdminRootRefusal | undefined {
  if (root.epoch !== FIRST_ADMIN_EPOCH) return { code: 'invalid-admin-root', reason: 'first-epoch' };
  return checkAdminRoot(root);
}
