import { sha256 } from '../crypto/index.ts';
import { ok } from '../result.ts';
import { readEpoch } from './handshake.ts';
import { MAX_APPLICATION_MESSAGE_BYTES } from './limits.ts';
import { openMlsMessage } from './message.ts';
import { refuse } from './refusal.ts';
/** Parses an MLSMessage that holds a PrivateMessage with application data (`ML22`). */
export function parseApplicationMessage(bytes) {
    const message = openMlsMessage(bytes, 'mls_private_message', MAX_APPLICATION_MESSAGE_BYTES);
    if (!message.ok)
        return message;
    const { groupId, contentType, authenticatedData, ...rest } = message.value.privateMessage;
    if (contentType !== 'application')
        return refuse('mls-content-type');
    const epoch = readEpoch(rest.epoch);
    return epoch === undefined ? refuse('mls-malformed') : ok({ groupId, epoch, authenticatedData, hash: sha256(bytes) });
}
