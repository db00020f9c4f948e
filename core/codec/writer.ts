/** Holds most values; a longer one grows its own buffer. */
const SCRATCH_BYTES = 16_384;
/** RFC 9420 §2.1.2: a 4-byte prefix holds 30 bits. */
const MAX_VECTOR_BYTES = 2 ** 30 - 1;
const TWO_32 = 0x1_0000_0000;

/**
 * A buffer that one writer hands to the next, so that a value costs one allocation: its own bytes. Nothing is read from it
 * that its writer did not write.
 */
let scratch: Uint8Array | undefined;

/** Writes what `Reader` reads. A value that has no encoding is the caller's mistake and throws. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor() {
    this.#bytes = scratch ?? new Uint8Array(SCRATCH_BYTES);
    // Whoever writes in the middle of another's writing takes a buffer of their own.
    scratch = undefined;
  }

  /** A copy of what was written, exactly as long. The writer is used up. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#length);
    if (this.#bytes.length === SCRATCH_BYTES) scratch = this.#bytes;
    return written;
  }

  integer(value: number, byteCount: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** byteCount) {
      throw new RangeError(`${value} does not fit an unsigned integer of ${byteCount} bytes`);
    }
    const end = this.#grow(byteCount);
    const bytes = this.#bytes;
    let rest = value >= TWO_32 ? value % TWO_32 : value;
    for (let i = 1; i <= byteCount; i++) {
      bytes[end - i] = rest;
      rest = i === 4 ? Math.floor(value / TWO_32) : rest >>> 8;
    }
  }

  put(bytes: Uint8Array): void {
    const end = this.#grow(bytes.length);
    this.#bytes.set(bytes, end - bytes.length);
  }

  opaqueVector(bytes: Uint8Array): void {
    this.#vectorLength(bytes.length);
    this.put(bytes);
  }

  /** Writes the items first and moves them behind their prefix, whose width depends on their length. */
  items(writeItems: () => void): void {
    const start = this.#length;
    writeItems();
    const end = this.#length;
    this.#vectorLength(end - start);
    const prefixBytes = this.#length - end;
    const prefix = this.#bytes.slice(end, this.#length);
    this.#bytes.copyWithin(start + prefixBytes, start, end);
    this.#bytes.set(prefix, start);
  }

  #vectorLength(length: number): void {
    const prefixBytes = prefixBytesOf(length);
    if (prefixBytes === 1) this.integer(length, 1);
    else if (prefixBytes === 2) this.integer(0x4000 + length, 2);
    else this.integer(0x80000000 + length, 4);
  }

  #grow(byteCount: number): number {
    const end = this.#length + byteCount;
    if (end > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      wider.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = wider;
    }
    this.#length = end;
    return end;
  }
}

/** Bytes of the encoding of `opaque x<V>` with this many bytes in it, known before they are (`EN2`). */
export function vectorBytes(length: number): number {
  return prefixBytesOf(length) + length;
}

function prefixBytesOf(length: number): 1 | 2 | 4 {
  if (length > MAX_VECTOR_BYTES) throw new RangeError(`a vector of ${length} bytes has no length prefix`);
  if (length < 0x40) return 1;
  return length < 0x4000 ? 2 : 4;
}
