import {
  decode,
  encode,
  HASH_BYTES,
  opaque,
  struct,
  text,
  toBase64Url,
  uint64,
  version,
  type Decoded,
} from '../../core/index.ts';
import { MAX_ATTACHMENT_CONTENT_BYTES, sealedBytes } from './segments.ts';
import type { TimelineItem } from '../group/timeline-item.ts';

/** Content type of a message that brings an attachment. It is the last one, far from those that applications count up from 1. */
export const ATTACHMENT_CONTENT = 65_535;

const MAX_NAME_BYTES = 255;
export const ATTACHMENT_KEY_BYTES = 32;

/** What a message says of an attachment: all that its reader needs, and nobody else has (`CL46`). */
export const attachmentCodec = struct('Attachment', {
  version: version(1),
  /** SHA-256 of the encrypted bytes, by which the relay knows them. */
  hash: opaque(HASH_BYTES),
  key: opaque(ATTACHMENT_KEY_BYTES),
  /** Of the content. */
  size: uint64,
  /** As its sender calls it: it may hold anything, and is no path. */
  name: text(MAX_NAME_BYTES),
  /** Media type, or nothing. */
  mediaType: text(MAX_NAME_BYTES),
});

export type AttachmentRecord = Decoded<typeof attachmentCodec>;

/** A file that a message brought. Whoever has this object can read it, so it is as secret as the message. */
export interface Attachment {
  /** SHA-256 of the encrypted bytes, base64url: what the relay knows it by. */
  readonly hash: string;
  /** AES-256 key that it alone is encrypted with. */
  readonly key: Uint8Array;
  /** Bytes of its content. */
  readonly size: number;
  /** As its sender calls it, which may be any text; empty where it has none. */
  readonly name: string;
  /** As its sender says; empty where it doesn't. */
  readonly mediaType: string;
}

/** Throws a RangeError for a name or media type of more than 255 bytes. */
export function encodeAttachment(record: Omit<AttachmentRecord, 'version'>): Uint8Array {
  return encode(attachmentCodec, { version: 1, ...record });
}

/** The attachment that a message brought, if that is what it brought. */
export function attachmentOf(item: TimelineItem): Attachment | undefined {
  if (item.kind !== 'message' || item.contentType !== ATTACHMENT_CONTENT) return undefined;
  const parsed = decode(attachmentCodec, item.bytes);
  if (!parsed.ok || parsed.value.size > MAX_ATTACHMENT_CONTENT_BYTES) return undefined;
  return viewAttachment(parsed.value);
}

export function viewAttachment({ hash, key, size, name, mediaType }: Omit<AttachmentRecord, 'version'>): Attachment {
  return { hash: toBase64Url(hash), key, size, name, mediaType };
}

/** Bytes of it at the relay. */
export function storedBytes({ size }: Pick<Attachment, 'size'>): number {
  return sealedBytes(size);
}
