import { PolicyStateLost, recallPolicyState } from '../../relay/index.ts';
import { reportIncident } from '../platform/incident.ts';
import { ChainLog } from './chain-log.ts';
import { OpenChain, type OpenChainOptions } from './open-chain.ts';
import { ChainStore } from './store.ts';

/**
 * The chain with what is kept of its policy's state, or, where that is damaged, with what the policy says when it is asked again about
 * the log (`ST3`). Rejects where it can't be asked: a chain whose state nobody knows takes nothing.
 */
export async function openRecalling(options: OpenChainOptions): Promise<OpenChain> {
  try {
    return new OpenChain(options);
  } catch (cause) {
    if (!(cause instanceof PolicyStateLost)) throw cause;
    reportIncident('policy-state-lost', cause);
  }
  const store = new ChainStore(options.ctx.storage);
  const kept = await recallPolicyState(new ChainLog(store), store.snapshots.list(), options.policies);
  if (kept !== undefined) options.ctx.storage.transactionSync(() => store.policyState.keep(kept));
  return new OpenChain(options);
}
