import { sha256 } from '../crypto/index.ts';
import { ok } from '../result.ts';
import { MAX_WELCOME_BYTES } from './limits.ts';
import { openMlsMessage } from './message.ts';
import { refuse } from './refusal.ts';
import { MLS_SUITE, MLS_SUITE_NAME } from './suite.ts';
/** Parses an MLSMessage that holds a Welcome (RFC 9420 §12.4.3.1). What is in it only the joiners can tell. */
export function parseWelcome(bytes) {
    const message = openMlsMessage(bytes, 'mls_welcome', MAX_WELCOME_BYTES);
    if (!message.ok)
        return message;
    const { cipherSuite, secrets } = message.value.welcome;
    if (cipherSuite !== MLS_SUITE_NAME)
        return refuse('mls-suite');
    return ok({ suite: MLS_SUITE, refs: secrets.map(({ newMember }) => newMember), hash: sha256(bytes) });
}
