import type { JudgedRefusal } from '../../core/index.ts';
import { StatementError, type Delivery, type Registry } from '../../sdk/index.ts';
import { openKeyFile, type KeyFlags } from '../admin/key-file.ts';
import { refusalFailure } from '../admin/refusal-text.ts';
import type { Person } from '../person.ts';

/** Which registry, and who carries to it. */
export interface RegistryFlags extends KeyFlags {
  /** Chain id, base64url; the one that the relay has pinned where it is not given. */
  readonly registry?: string;
  /** An admin's key to carry by, where this profile did not found the registry. */
  readonly key?: string;
}

export async function openRegistry(
  { session, signal }: Person,
  { registry: id, key, ...flags }: RegistryFlags,
): Promise<Registry> {
  const carrier = key === undefined ? undefined : await openKeyFile(key, flags, signal);
  return session.registry({ signal, ...(id !== undefined && { id }), ...(carrier !== undefined && { carrier }) });
}

/** What the registry would refuse is refused here, in words. */
export async function carried(delivery: Promise<Delivery>): Promise<Delivery> {
  try {
    return await delivery;
  } catch (cause) {
    if (cause instanceof StatementError) throw refusalFailure(cause.refusal satisfies JudgedRefusal);
    throw cause;
  }
}
