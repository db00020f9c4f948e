import { chainIdOf, equalBytes, err, ok, type Result } from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';
import { decideGenesis, type Decision } from './append.ts';
import type { CheckpointKey } from './checkpoint.ts';
import { screenGenesis, type CheckSignatures } from './submission.ts';

export type Founding = Extract<Decision, { readonly kind: 'accepted' }>;

/**
 * Judges a genesis for this relay (`CH1`–`CH4`). It must name the relay and the key that will sign its checkpoints: a chain
 * founded for another relay would begin with checkpoints that its own genesis disowns.
 */
export function judgeGenesis(
  body: Uint8Array,
  {
    key,
    check,
    clock,
  }: {
    readonly key: Pick<CheckpointKey, 'relayName' | 'publicKey'>;
    readonly check: CheckSignatures;
    readonly clock: number;
  },
): Result<Founding, RelayRefusal> {
  const candidate = screenGenesis(body, check);
  if (!candidate.ok) return candidate;
  if (candidate.value.payload !== undefined) return err({ code: 'payload-mismatch' });
  const decision = decideGenesis(chainIdOf(candidate.value.signed), candidate.value, clock);
  if (decision.kind === 'refused') return err(decision.refusal);
  if (decision.kind === 'repeated') throw new Error('a genesis has nothing to repeat');
  const { relayName, checkpointKey } = decision.head.state.value.genesis;
  const isOurs = relayName === key.relayName && equalBytes(checkpointKey, key.publicKey);
  return isOurs ? ok(decision) : err({ code: 'wrong-relay' });
}
