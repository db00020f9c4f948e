import type { ClientState } from 'ts-mls';
import type { AuthenticatedContent } from 'ts-mls/authenticatedContent.js';
import type { FramedContentData } from 'ts-mls/framedContent.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { protect, unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { encodePrivateMessageContent, type PrivateMessageContentCommit } from 'ts-mls/privateMessage.js';
import { decodePrivateMessage } from './framed-message.ts';
import { padmeLength } from './padding.ts';
import { loadSuite } from './suite.ts';

/** A commit as it leaves. */
export interface FramedCommit {
  /** An MLSMessage. */
  readonly message: Uint8Array;
  /** The client in the same epoch, less the key that a PrivateMessage used up: the same key must never encrypt twice. */
  readonly spent: ClientState;
}

type CommitContent = FramedContentData & PrivateMessageContentCommit;

/** Encrypts a signed commit for the members of the epoch that it ends (RFC 9420 §6.3), padded as messages are (`ML43`). */
export async function encryptCommit(client: ClientState, content: CommitContent): Promise<FramedCommit> {
  const { groupContext, keySchedule, secretTree, privatePath } = client;
  const { privateMessage, tree } = await protect(
    keySchedule.senderDataSecret,
    content.authenticatedData,
    groupContext,
    secretTree,
    content,
    privatePath.leafIndex,
    paddingOf(content),
    await loadSuite(groupContext.cipherSuite),
  );
  const message = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
  return { message, spent: { ...client, secretTree: tree } };
}

/** An unpadded commit would tell by its length how many it adds, and where in the tree its sender is. */
function paddingOf(content: CommitContent): { readonly kind: 'padUntilLength'; readonly padUntilLength: number } {
  const { length } = encodePrivateMessageContent({ kind: 'alwaysPad', paddingLength: 0 })(content);
  return { kind: 'padUntilLength', padUntilLength: padmeLength(length) };
}

/**
 * Decrypts a handshake of the client's epoch and verifies its sender's signature; undefined where that fails, as it does for
 * what this client encrypted itself. `bytes` were parsed by core. Uses nothing up: whoever follows the message does.
 */
export async function openHandshake(client: ClientState, bytes: Uint8Array): Promise<AuthenticatedContent | undefined> {
  const { groupContext, keySchedule, secretTree, ratchetTree, clientConfig } = client;
  try {
    const { content } = await unprotectPrivateMessage(
      keySchedule.senderDataSecret,
      decodePrivateMessage(bytes),
      secretTree,
      ratchetTree,
      groupContext,
      clientConfig.keyRetentionConfig,
      await loadSuite(groupContext.cipherSuite),
    );
    return content;
  } catch {
    // Another epoch's key, a key that was used, a sender who is nobody, a signature that is false.
    return undefined;
  }
}
