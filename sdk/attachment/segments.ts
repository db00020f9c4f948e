/**
 * An attachment is cut into segments, each encrypted and authenticated by itself, so that it is read and checked while it comes: the
 * STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) with AES-256-GCM. A nonce is the number of its segment and whether
 * that is the last one; it never repeats under a key, since each attachment has a key of its own.
 */

/** Content of every segment but the last. */
export const SEGMENT_BYTES = 65_536;
const TAG_BYTES = 16;
const SEALED_SEGMENT_BYTES = SEGMENT_BYTES + TAG_BYTES;
const NONCE_BYTES = 12;

/** Largest content: 100 MiB. */
export const MAX_ATTACHMENT_CONTENT_BYTES = 104_857_600;

/** At least one: nothing is an empty segment. */
export function segmentCount(size: number): number {
  return Math.max(1, Math.ceil(size / SEGMENT_BYTES));
}

/** Bytes of it when it is encrypted. */
export function sealedBytes(size: number): number {
  return size + segmentCount(size) * TAG_BYTES;
}

/** Bytes of one encrypted segment. */
export function sealedSegmentBytes(size: number, index: number): number {
  const isLast = index === segmentCount(size) - 1;
  return isLast ? sealedBytes(size) - index * SEALED_SEGMENT_BYTES : SEALED_SEGMENT_BYTES;
}

/** The segment that holds a byte of the encrypted attachment, and how far into it that is. */
export function segmentAt(offset: number): { readonly index: number; readonly within: number } {
  return { index: Math.floor(offset / SEALED_SEGMENT_BYTES), within: offset % SEALED_SEGMENT_BYTES };
}

/** Encrypts and opens the segments of one attachment. */
export class SegmentCipher {
  readonly #key: ReturnType<typeof crypto.subtle.importKey>;
  readonly #count: number;

  constructor(key: Uint8Array, size: number) {
    this.#key = crypto.subtle.importKey('raw', key.slice(), 'AES-GCM', false, ['encrypt', 'decrypt']);
    this.#count = segmentCount(size);
  }

  async seal(index: number, content: Uint8Array): Promise<Uint8Array> {
    const sealed = await crypto.subtle.encrypt(this.#parameters(index), await this.#key, content.slice());
    return new Uint8Array(sealed);
  }

  /** Undefined where it is not the segment that was encrypted for this place. */
  async open(index: number, sealed: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await crypto.subtle.decrypt(this.#parameters(index), await this.#key, sealed.slice()));
    } catch {
      return undefined;
    }
  }

  #parameters(index: number): { readonly name: 'AES-GCM'; readonly iv: Uint8Array<ArrayBuffer> } {
    const iv = new Uint8Array(NONCE_BYTES);
    new DataView(iv.buffer).setUint32(NONCE_BYTES - 5, index);
    iv[NONCE_BYTES - 1] = index === this.#count - 1 ? 1 : 0;
    return { name: 'AES-GCM', iv };
  }
}
