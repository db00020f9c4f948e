import {
  decode,
  encode,
  mailboxDownFrame,
  mailboxUpFrame,
  type ActorKey,
  type MailboxDownFrame,
} from '../core/index.ts';
import { refusalOf } from './chain/receipt.ts';
import { UntrustedError } from './errors.ts';
import type { Mailbox } from './mailbox.ts';
import type { Platform } from './platform.ts';
import type { RelayClient } from './relay-client.ts';
import { Socket } from './socket.ts';

/**
 * Keeps a mailbox fetched over one socket: what waits, then what comes, each page stored before it is acknowledged. Calls
 * `onPage` after each. Rejects when the socket ends, as it always does in the end.
 */
export async function streamMailbox(
  mailbox: Mailbox,
  { client, platform, device }: { client: RelayClient; platform: Platform; device: ActorKey },
  { signal, onPage }: { signal: AbortSignal; onPage: () => void },
): Promise<never> {
  const { ticket } = await client.mailboxTicket(device, signal);
  const socket = await Socket.open(client.mailboxSocketUrl(device), platform, signal);
  try {
    socket.send(encode(mailboxUpFrame, { kind: 'open', value: { ticket, cursor: 0 } }));
    for (;;) {
      const frame = parseFrame(await socket.next(signal));
      if (frame.kind === 'problem') throw refusalOf(frame.value.problem);
      // Everything before it is stored.
      if (frame.kind === 'mark') socket.send(encode(mailboxUpFrame, { kind: 'progress', value: frame.value }));
      if (frame.kind !== 'items' || frame.value.items.length === 0) continue;
      const upTo = await mailbox.keep(frame.value);
      socket.send(encode(mailboxUpFrame, { kind: 'ack', value: { upTo } }));
      onPage();
    }
  } finally {
    socket.close();
  }
}

function parseFrame(bytes: Uint8Array): MailboxDownFrame {
  const frame = decode(mailboxDownFrame, bytes);
  if (frame.ok) return frame.value;
  throw new UntrustedError('malformed-answer', `a frame is ${frame.error.reason}`);
}
