import { toBase64Url, type ActorKey, type MailboxItem } from '../core/index.ts';
import type { CheckSignatures } from './chain/chain-trust.ts';
import { openEnvelope } from './envelope.ts';
import type { Mailbox, StoredItem } from './mailbox.ts';

/** Bytes that someone sealed to this identity. */
export interface Envelope {
  /** Names it here, base64url. */
  readonly id: string;
  /** Who sealed it, base64url, proven by their signature; undefined where it can't be opened. */
  readonly sender: string | undefined;
  /** Undefined where it is not sealed to this identity, or not signed by whom it names. */
  readonly content: Uint8Array | undefined;
  /** Ms since the Unix epoch, by the sender's clock. */
  readonly sentAt: number | undefined;
  /** Ms since the Unix epoch, by the relay's clock. */
  readonly receivedAt: number;
  /** The group by which the relay let it in, base64url; undefined where a token of this identity did. */
  readonly group: string | undefined;
  /** Forgets it. */
  dismiss(): Promise<void>;
}

/** An item that ended this client time and again, so that the relay set it aside. Nothing of it was looked into. */
export interface SetAside {
  readonly kind: MailboxItem['kind'];
  /** The chain that it is about, base64url. */
  readonly chain: string;
  readonly index: number;
  readonly receivedAt: number;
  readonly content: Uint8Array;
  /** Takes it up like any other. */
  retry(): Promise<void>;
  /** Forgets it. */
  discard(): Promise<void>;
}

export interface EnvelopeKeys {
  readonly recipient: ActorKey;
  readonly secret: Uint8Array;
  readonly check: CheckSignatures;
}

/** Opens what is stored, each time anew: what is kept stays sealed. */
export async function openEnvelopes(mailbox: Mailbox, keys: EnvelopeKeys): Promise<readonly Envelope[]> {
  const stored = await mailbox.envelopes();
  const envelopes = await Promise.all(stored.map((one) => openOne(one, mailbox, keys)));
  return envelopes.sort((a, b) => a.receivedAt - b.receivedAt);
}

export async function viewSetAside(mailbox: Mailbox): Promise<readonly SetAside[]> {
  return (await mailbox.setAside()).map((stored) => {
    const { kind, chain, index, receivedAt, content } = stored.item;
    return {
      kind,
      chain: toBase64Url(chain),
      index,
      receivedAt,
      content,
      retry: () => mailbox.retry(stored),
      discard: () => mailbox.forget(stored.key),
    };
  });
}

async function openOne({ key, item }: StoredItem, mailbox: Mailbox, keys: EnvelopeKeys): Promise<Envelope> {
  const opened = await openEnvelope(item.content, keys);
  return {
    id: key.slice(key.indexOf('/') + 1),
    sender: opened && toBase64Url(opened.sender),
    content: opened?.content,
    sentAt: opened?.sentAt,
    receivedAt: item.receivedAt,
    group: item.chain.some((byte) => byte !== 0) ? toBase64Url(item.chain) : undefined,
    dismiss: () => mailbox.forget(key),
  };
}
