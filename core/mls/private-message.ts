import { sha256 } from '../crypto/index.ts';
import { ok, type Result } from '../result.ts';
import { readEpoch } from './epoch.ts';
import { MAX_APPLICATION_MESSAGE_BYTES, MAX_COMMIT_BYTES, MAX_PROPOSAL_BYTES } from './limits.ts';
import { openMlsMessage } from './message.ts';
import { refuse, type MlsMessageCode, type MlsRefusal } from './refusal.ts';

/** What an encrypted message shows to those who can't read it (RFC 9420 §6.3). Nothing of it is proven to them. */
export interface MlsPrivateMessage {
  readonly groupId: Uint8Array;
  readonly epoch: number;
  readonly authenticatedData: Uint8Array;
  /** SHA-256 of the MLSMessage. */
  readonly hash: Uint8Array;
}

type PrivateMessageResult = Result<MlsPrivateMessage, MlsRefusal<MlsMessageCode>>;

/** Parses an MLSMessage that holds a PrivateMessage with application data (`ML22`). */
export function parseApplicationMessage(bytes: Uint8Array): PrivateMessageResult {
  return parsePrivateMessage(bytes, 'application', MAX_APPLICATION_MESSAGE_BYTES);
}

/** Parses an MLSMessage that holds a PrivateMessage with a commit (`ML100`). */
export function parseOpaqueCommit(bytes: Uint8Array): PrivateMessageResult {
  return parsePrivateMessage(bytes, 'commit', MAX_COMMIT_BYTES);
}

/** Parses an MLSMessage that holds a PrivateMessage with a proposal (`ML100`). */
export function parseOpaqueProposal(bytes: Uint8Array): PrivateMessageResult {
  return parsePrivateMessage(bytes, 'proposal', MAX_PROPOSAL_BYTES);
}

function parsePrivateMessage(
  bytes: Uint8Array,
  wanted: 'application' | 'commit' | 'proposal',
  maxBytes: number,
): PrivateMessageResult {
  const message = openMlsMessage(bytes, 'mls_private_message', maxBytes);
  if (!message.ok) return message;
  const { groupId, contentType, authenticatedData, ...rest } = message.value.privateMessage;
  if (contentType !== wanted) return refuse('mls-content-type');
  const epoch = readEpoch(rest.epoch);
  return epoch === undefined ? refuse('mls-malformed') : ok({ groupId, epoch, authenticatedData, hash: sha256(bytes) });
}
