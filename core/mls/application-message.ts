import { sha256 } from '../crypto/index.ts';
import { ok, type Result } from '../result.ts';
import { readEpoch } from './epoch.ts';
import { MAX_APPLICATION_MESSAGE_BYTES } from './limits.ts';
import { openMlsMessage } from './message.ts';
import { refuse, type MlsMessageCode, type MlsRefusal } from './refusal.ts';

/** What an encrypted message shows to those who can't read it. */
export interface MlsApplicationMessage {
  readonly groupId: Uint8Array;
  readonly epoch: number;
  readonly authenticatedData: Uint8Array;
  /** SHA-256 of the MLSMessage. */
  readonly hash: Uint8Array;
}

/** Parses an MLSMessage that holds a PrivateMessage with application data (`ML22`). */
export function parseApplicationMessage(bytes: Uint8Array): Result<MlsApplicationMessage, MlsRefusal<MlsMessageCode>> {
  const message = openMlsMessage(bytes, 'mls_private_message', MAX_APPLICATION_MESSAGE_BYTES);
  if (!message.ok) return message;
  const { groupId, contentType, authenticatedData, ...rest } = message.value.privateMessage;
  if (contentType !== 'application') return refuse('mls-content-type');
  const epoch = readEpoch(rest.epoch);
  return epoch === undefined ? refuse('mls-malformed') : ok({ groupId, epoch, authenticatedData, hash: sha256(bytes) });
}
