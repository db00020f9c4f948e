import {
  err,
  invitationVerifyJob,
  ok,
  parseInvitation,
  type FoundingInvitation,
  type Result,
} from '../../core/index.ts';
import type { RelayRefusal } from '../answer.ts';
import type { CheckSignatures } from '../submission.ts';

export interface InvitationContext {
  readonly relayName: string;
  readonly operatorKey: Uint8Array;
  readonly check: CheckSignatures;
  readonly clock: number;
}

/** Judges a code by itself (`AD3`): what the operator did not sign for this relay reaches no object. */
export function judgeInvitation(
  code: string | null,
  { relayName, operatorKey, check, clock }: InvitationContext,
): Result<FoundingInvitation, RelayRefusal> {
  if (code === null) return err({ code: 'invitation-required' });
  const invitation = parseInvitation(code.trim());
  if (invitation === undefined) return err({ code: 'invitation-invalid', reason: 'malformed' });
  const isSigned = check([invitationVerifyJob(invitation, relayName, operatorKey)])[0] === true;
  if (!isSigned) return err({ code: 'invitation-invalid', reason: 'signature' });
  return invitation.expiresAt > clock ? ok(invitation) : err({ code: 'invitation-invalid', reason: 'expired' });
}

/** Lets an actor in by an invitation, once however often it asks. `actors` are those that it let in before. */
export function redeemInvitation(
  actors: readonly string[],
  actor: string,
  uses: number,
): Result<readonly string[], RelayRefusal> {
  if (actors.includes(actor)) return ok(actors);
  return actors.length < uses ? ok([...actors, actor]) : err({ code: 'invitation-used' });
}
