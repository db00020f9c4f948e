import { sha256 } from '@noble/hashes/sha2.js';
import { segmentAt, segmentCount, SEGMENT_BYTES, SegmentCipher, sealedBytes } from './segments.ts';

/** Content that can be read more than once: a file is not held in memory for it. */
export type AttachmentContent = Blob | Uint8Array;

/** Segments of content that are read at a time. */
const READ_SEGMENTS = 16;

/** Content as it is encrypted, made anew each time that it is read: the same bytes, since the nonces are the same. */
export class SealedSource {
  readonly size: number;
  readonly #content: AttachmentContent;
  readonly #cipher: SegmentCipher;

  constructor(content: AttachmentContent, key: Uint8Array) {
    this.size = sizeOf(content);
    this.#content = content;
    this.#cipher = new SegmentCipher(key, this.size);
  }

  get sealedBytes(): number {
    return sealedBytes(this.size);
  }

  /** From a place in the encrypted bytes to their end. */
  async *read(offset = 0): AsyncGenerator<Uint8Array, void> {
    const first = segmentAt(offset);
    const count = segmentCount(this.size);
    for (let start = first.index; start < count; start += READ_SEGMENTS) {
      const end = Math.min(start + READ_SEGMENTS, count);
      const content = await readPart(this.#content, start * SEGMENT_BYTES, end * SEGMENT_BYTES);
      for (let index = start; index < end; index++) {
        const at = (index - start) * SEGMENT_BYTES;
        const sealed = await this.#cipher.seal(index, content.subarray(at, at + SEGMENT_BYTES));
        yield index === first.index ? sealed.subarray(first.within) : sealed;
      }
    }
  }

  /** SHA-256 of the encrypted bytes from a place on. */
  async hash(offset: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const hash = sha256.create();
    for await (const bytes of this.read(offset)) {
      signal?.throwIfAborted();
      hash.update(bytes);
    }
    return hash.digest();
  }
}

export function sizeOf(content: AttachmentContent): number {
  return content instanceof Blob ? content.size : content.length;
}

async function readPart(content: AttachmentContent, start: number, end: number): Promise<Uint8Array> {
  if (!(content instanceof Blob)) return content.subarray(start, end);
  return new Uint8Array(await content.slice(start, end).arrayBuffer());
}
