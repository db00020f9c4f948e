import { isOpaque, type GroupState, type HandshakeMode } from '../../core/index.ts';
import type { FollowedChain } from '../chain/chain-follower.ts';
import { UsageError } from '../errors.ts';

/** What a group's log adds up to, as far as it was read. Throws for a chain of another kind. */
export function groupStateOf({ state }: FollowedChain): GroupState {
  if (state.kind !== 'group') throw new UsageError('not-a-group', `this is a chain of kind ${state.kind}`);
  return state.value;
}

/** Whether the relay can read the group's handshakes, as its genesis says. */
export function handshakesOf(chain: FollowedChain): HandshakeMode {
  return isOpaque(groupStateOf(chain).genesis) ? 'opaque' : 'public';
}
