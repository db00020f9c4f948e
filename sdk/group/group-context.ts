import type { ChainContext } from '../chain/chain-follower.ts';
import type { Signing } from '../chain/sign-event.ts';

/** What a group needs of its session. */
export interface GroupContext extends ChainContext, Signing {}
