import type { ActorKey } from '../../core/index.ts';

/**
 * One client's state in one group. Immutable: every operation gives a new one, and the old one stays usable until it is
 * dropped. Its secrets are not reachable from here; `serialiseState` gives them out.
 */
export interface GroupState {
  readonly groupId: Uint8Array;
  /** The cipher suite's number. */
  readonly suite: number;
  readonly epoch: number;
  /** Whose state it is. */
  readonly actor: ActorKey;
  readonly leafIndex: number;
  /** A removed client reads what was sent up to its removal. */
  readonly status: 'member' | 'removed';
}

export interface GroupMember {
  readonly actor: ActorKey;
  readonly leafIndex: number;
  readonly signatureKey: Uint8Array;
}
