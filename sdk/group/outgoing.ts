import { bytesToUtf8, toBase64Url } from '../../core/index.ts';
import type { OutboxRecord } from './outbox.ts';
import { TEXT_CONTENT } from './timeline-item.ts';

/** What became of a message so far. `delivered` and `cancelled` end it; `failed` waits for `retry` or `cancel`. */
export type DeliveryState =
  /** Not encrypted and not signed yet: that is done when it leaves. */
  | { readonly kind: 'queued' }
  /** Has left. Until the log shows it nobody knows whether it arrived; the same bytes go again. */
  | { readonly kind: 'sent' }
  /** Stands in the verified log. */
  | { readonly kind: 'delivered'; readonly index: number; readonly relayTime: number }
  /** Refused for good, with the code of the error that said so. */
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string }
  | { readonly kind: 'cancelled' };

/** A message of this identity that the log does not show yet, or has just come to show. */
export interface OutgoingMessage {
  /** Base64url, and the same in the timeline once it is delivered. */
  readonly eventId: string;
  /** Ms since the Unix epoch; rises with the order in which messages go. */
  readonly createdAt: number;
  readonly contentType: number;
  readonly bytes: Uint8Array;
  /** Where the content is text. */
  readonly text: string | undefined;
  readonly state: DeliveryState;
}

export function viewOutgoing(
  { eventId, createdAt, contentType, content: bytes }: OutboxRecord,
  state: DeliveryState,
): OutgoingMessage {
  const text = contentType === TEXT_CONTENT ? bytesToUtf8(bytes) : undefined;
  return { eventId: toBase64Url(eventId), createdAt, contentType, bytes, text, state };
}

/** The state of a message that is kept. */
export function stateOf({ stage }: OutboxRecord): DeliveryState {
  switch (stage.kind) {
    case 'queued':
      return { kind: 'queued' };
    case 'sealed':
      return { kind: 'sent' };
    case 'failed':
      return { kind: 'failed', ...stage.value };
  }
}
