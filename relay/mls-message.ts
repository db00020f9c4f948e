import { equalBytes, err, groupMessage, requireRole, type ChainState } from '../core/index.ts';
import { parseApplicationMessage, parseAuthenticatedData } from '../core/mls/index.ts';
import type { RelayRefusal } from './answer.ts';
import type { Candidate, Screened } from './submission.ts';

/**
 * In an MLS group a message's payload is a PrivateMessage of that group and epoch whose `authenticated_data` names the
 * event (`GM4`): a ciphertext can't be posted again under another event, and nobody can post plaintext by mistake.
 */
export function screenMessages(screened: readonly Screened[], state: ChainState): readonly Screened[] {
  if (state.kind !== 'group' || state.value.mls === undefined) return screened;
  const { roster } = state.value;
  return screened.map((one) => {
    // Who may not post here is refused for that in the flush, and learns nothing of the group from this check (`AP9`).
    const isMember = one.ok && requireRole(roster, one.value.signed.event.actor, 'member') === undefined;
    const reason = one.ok && isMember ? findFault(one.value) : undefined;
    return reason === undefined ? one : err<RelayRefusal>({ code: 'invalid-handshake', reason });
  });
}

function findFault({ signed: { event }, payload }: Candidate): string | undefined {
  if (event.type !== groupMessage.type || payload === undefined) return undefined;
  const body = groupMessage.decodeBody(event.body);
  if (!body.ok) return undefined; // Admission refuses it as malformed, in its own order.
  const message = parseApplicationMessage(payload);
  if (!message.ok) return message.error.code;
  if (!equalBytes(message.value.groupId, event.chain)) return 'group-id';
  if (message.value.epoch !== body.value.epoch) return 'message-epoch';
  const data = parseAuthenticatedData(message.value.authenticatedData);
  const isBound = data !== undefined && equalBytes(data.actor, event.actor) && equalBytes(data.eventId, event.eventId);
  return isBound ? undefined : 'authenticated-data';
}
