import { opaque, struct, uint32, uint64, vector, type Decoded } from '../codec/index.ts';
import { HASH_BYTES } from '../event/index.ts';
import { MAX_LAGGING_GROUPS } from './limits.ts';

/** How far the groups that follow an account have come (`NA17`). */
export const accountFollowing = struct('AccountFollowing', {
  /** What is asked: who has imported the first so many entries of the account's chain. */
  size: uint64,
  /** Groups that follow the account. */
  groups: uint32,
  /** Those of them that have not. */
  behind: uint32,
  /** As many of these as an answer holds, those that know least first. */
  lagging: vector(struct('LaggingGroup', { chain: opaque(HASH_BYTES), known: uint64 }), MAX_LAGGING_GROUPS),
});

/** What `accountFollowing` encodes. */
export type AccountFollowing = Decoded<typeof accountFollowing>;
