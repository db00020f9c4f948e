import type { ActorKey } from '../../core/index.ts';

/**
 * An actor whose binding was verified, which it is only for an admissible key. For leaves that are in a state's tree or
 * were let in by a commit that was followed.
 */
export function provenActor(actor: Uint8Array): ActorKey {
  return actor.slice() as ActorKey;
}
