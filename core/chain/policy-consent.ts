import { equalBytes } from '../bytes/index.ts';
import type { ChainPolicyCall, PolicyVerdict } from '../policy/policy-executor.ts';
import { err, ok, type Result } from '../result.ts';
import type { PolicyConsent, PolicyRefusal } from '../state/index.ts';

/**
 * Whether the policy has nothing against what it was asked (`PB6`). A verdict on another call, which was given while the chain
 * stood elsewhere, is none: the event is undecided.
 */
export function consentOf(
  call: ChainPolicyCall,
  verdict: PolicyVerdict | undefined,
): Result<PolicyConsent, PolicyRefusal> {
  if (verdict === undefined || !isSameCall(call, verdict.call)) return err({ code: 'policy-undecided' });
  const { outcome } = verdict;
  if (outcome.kind === 'accepted') return ok(outcome);
  if (call.kind === 'migrate') {
    return err({
      code: 'policy-migration-failed',
      reason: outcome.kind === 'rejected' ? outcome.reason : undefined,
      cause: outcome.kind === 'stopped' ? outcome.cause : undefined,
    });
  }
  return err(
    outcome.kind === 'rejected'
      ? { code: 'policy-rejected', reason: outcome.reason }
      : { code: 'policy-stopped', cause: outcome.cause },
  );
}

function isSameCall(a: ChainPolicyCall, b: ChainPolicyCall): boolean {
  const areAlike = a.fuel === b.fuel && isSame(a.module, b.module) && isSame(a.state, b.state);
  if (!areAlike || a.kind !== b.kind) return false;
  return a.kind === 'migrate' || (b.kind === 'apply' && a.isGuarded === b.isGuarded && isSame(a.event, b.event));
}

/** States are long, and mostly the very bytes that the verdict before has left. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || equalBytes(a, b);
}
