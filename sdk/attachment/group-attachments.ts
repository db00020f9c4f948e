import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes, fromBase64Url, type ChainId } from '../../core/index.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import { UntrustedError, UsageError } from '../errors.ts';
import type { CallOptions, Group } from '../group/group.ts';
import type { GroupContext } from '../group/group-context.ts';
import {
  ATTACHMENT_CONTENT,
  ATTACHMENT_KEY_BYTES,
  encodeAttachment,
  storedBytes,
  viewAttachment,
  type Attachment,
} from './attachment.ts';
import { AttachmentTransfer } from './attachment-transfer.ts';
import { SealedSource, sizeOf, type AttachmentContent } from './sealed-source.ts';
import { MAX_ATTACHMENT_CONTENT_BYTES, sealedSegmentBytes, segmentCount, SegmentCipher } from './segments.ts';

/** How far a transfer is. */
export interface TransferProgress {
  /** Of the encrypted attachment; fewer than before where a broken transfer goes on from an earlier place. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface GetOptions extends CallOptions {
  /** Called as bytes go by; of an upload with 0 before the content is read for the first time. */
  readonly onProgress?: (progress: TransferProgress) => void;
}

export interface PutOptions extends GetOptions {
  /** What to call it; at most 255 bytes. */
  readonly name?: string;
  /** Its media type; at most 255 bytes. */
  readonly mediaType?: string;
}

/** An attachment whose message stands in the verified log. */
export interface SentAttachment extends Delivery {
  readonly attachment: Attachment;
}

/**
 * Files of an encrypted group, up to 100 MiB each and kept for 30 days. Each is encrypted with a key of its own, which travels in a
 * message of the group. Transfers go on where a connection broke off, and wait for a relay that is away for a while.
 */
export interface GroupBlobs {
  /**
   * Encrypts content, brings it to the relay, and sends the message that lets the members read it. Rejects with `plain-group` in a
   * group without encryption.
   */
  put(content: AttachmentContent, options?: PutOptions): Promise<SentAttachment>;
  /** The content of an attachment that a message brought (`attachmentOf`), verified. */
  get(attachment: Attachment, options?: GetOptions): Promise<Uint8Array>;
  /**
   * The same, segment by segment while it comes, each verified. That it is all of it is known at the end: what was taken before an
   * error is to be thrown away. Rejects with an UntrustedError where it is not what was sent.
   */
  read(attachment: Attachment, options?: GetOptions): AsyncIterableIterator<Uint8Array>;
}

/** The attachments of one group (`CL46`, `CL47`). */
export class GroupAttachments implements GroupBlobs {
  readonly #group: Pick<Group, 'membership' | 'send'>;
  readonly #context: GroupContext;
  readonly #transfer: AttachmentTransfer;

  constructor(group: Pick<Group, 'membership' | 'send'>, context: GroupContext, chain: ChainId) {
    this.#group = group;
    this.#context = context;
    this.#transfer = new AttachmentTransfer(context.client, context.platform, chain);
  }

  async put(content: AttachmentContent, options: PutOptions = {}): Promise<SentAttachment> {
    if (this.#group.membership === 'plain') {
      throw new UsageError('plain-group', 'a plain group encrypts nothing, so nobody could be given a key');
    }
    const size = sizeOf(content);
    if (size > MAX_ATTACHMENT_CONTENT_BYTES) {
      throw new RangeError(`an attachment has at most ${MAX_ATTACHMENT_CONTENT_BYTES} bytes, not ${size}`);
    }
    const { name = '', mediaType = '', signal, onProgress } = options;
    const key = this.#context.platform.randomBytes(ATTACHMENT_KEY_BYTES);
    const source = new SealedSource(content, key);
    const onBytes = (bytes: number): void => onProgress?.({ bytes, totalBytes: source.sealedBytes });
    // Hashing a large file takes seconds in which nothing goes by.
    onBytes(0);
    const record = { hash: await source.hash(0, signal), key, size, name, mediaType };
    const message = encodeAttachment(record);
    await this.#transfer.upload(source, record.hash, { signal, onBytes });
    const delivery = await this.#group.send(message, { contentType: ATTACHMENT_CONTENT, signal });
    return { ...delivery, attachment: viewAttachment(record) };
  }

  async get(attachment: Attachment, options: GetOptions = {}): Promise<Uint8Array> {
    const segments: Uint8Array[] = [];
    for await (const segment of this.read(attachment, options)) segments.push(segment);
    return concatBytes(...segments);
  }

  async *read(attachment: Attachment, options: GetOptions = {}): AsyncGenerator<Uint8Array, void> {
    const { signal, onProgress } = options;
    const totalBytes = storedBytes(attachment);
    const onBytes = (bytes: number): void => onProgress?.({ bytes, totalBytes });
    const hash = sha256.create();
    const sealed = this.#transfer.download(attachment.hash, totalBytes, { signal, onBytes });
    yield* openSegments(attachment, sealed, hash);
    // Encryption of this kind does not commit to its key: only the hash says that all readers got the same.
    if (!equalBytes(hash.digest(), fromBase64Url(attachment.hash) ?? new Uint8Array())) throw notSent();
  }
}

async function* openSegments(
  { key, size }: Attachment,
  sealed: AsyncIterable<Uint8Array>,
  hash: { update(bytes: Uint8Array): unknown },
): AsyncGenerator<Uint8Array, void> {
  const cipher = new SegmentCipher(key, size);
  const count = segmentCount(size);
  let index = 0;
  let segment = new Uint8Array(sealedSegmentBytes(size, 0));
  let filled = 0;
  for await (const bytes of sealed) {
    hash.update(bytes);
    for (let rest = bytes; rest.length > 0;) {
      if (index === count) throw notSent();
      const piece = rest.subarray(0, segment.length - filled);
      segment.set(piece, filled);
      filled += piece.length;
      rest = rest.subarray(piece.length);
      if (filled < segment.length) continue;
      const content = await cipher.open(index, segment);
      if (content === undefined) throw notSent();
      yield content;
      index += 1;
      filled = 0;
      segment = new Uint8Array(index < count ? sealedSegmentBytes(size, index) : 0);
    }
  }
  if (index < count) throw notSent();
}

function notSent(): UntrustedError {
  return new UntrustedError('payload-mismatch', 'the attachment is not the one that was sent');
}
