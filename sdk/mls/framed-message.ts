import type { PrivateMessage, PublicMessage } from 'ts-mls';
import { decodeMlsMessage } from 'ts-mls/message.js';

// Of bytes that core's parser took, and from a copy: states keep parts of messages, and the caller's buffer may be used again.

export function decodePublicMessage(bytes: Uint8Array): PublicMessage {
  const message = decodeMlsMessage(bytes.slice(), 0)?.[0];
  if (message?.wireformat !== 'mls_public_message') throw new TypeError('parsed as a PublicMessage before');
  return message.publicMessage;
}

export function decodePrivateMessage(bytes: Uint8Array): PrivateMessage {
  const message = decodeMlsMessage(bytes.slice(), 0)?.[0];
  if (message?.wireformat !== 'mls_private_message') throw new TypeError('parsed as a PrivateMessage before');
  return message.privateMessage;
}
