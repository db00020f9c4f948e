import { equalBytes, groupMessage, type ChainState } from '../core/index.ts';
import { parseApplicationMessage } from '../core/mls/index.ts';
import type { RelayRefusal } from './answer.ts';
import { namesEvent } from './event-binding.ts';
import { mlsChoicesOf } from './group-terms.ts';
import type { Candidate } from './submission.ts';

/**
 * In an MLS group a message's payload is a PrivateMessage of that group and epoch whose `authenticated_data` names the
 * event, unless the genesis leaves that open (`GM4`): a ciphertext can't be posted again under another event, and nobody
 * can post plaintext by mistake. Asked last, of events that may be sequenced otherwise.
 */
export function checkMlsMessage(candidate: Candidate, state: ChainState): RelayRefusal | undefined {
  const reason = mlsChoicesOf(state) && findFault(candidate, state);
  return reason === undefined ? undefined : { code: 'invalid-handshake', reason };
}

function findFault({ signed: { event }, payload }: Candidate, state: ChainState): string | undefined {
  if (event.type !== groupMessage.type || payload === undefined) return undefined;
  const body = groupMessage.decodeBody(event.body);
  if (!body.ok) throw new Error('an admitted message has a body');
  const message = parseApplicationMessage(payload);
  if (!message.ok) return message.error.code;
  if (!equalBytes(message.value.groupId, event.chain)) return 'group-id';
  if (message.value.epoch !== body.value.epoch) return 'message-epoch';
  return namesEvent(message.value, event, state) ? undefined : 'authenticated-data';
}
