/** Why bytes are not the one encoding of a value. `offset` counts from the start of what was decoded. */
export interface DecodeRefusal {
  readonly code: 'malformed';
  readonly reason: DecodeReason;
  readonly offset: number;
}

/** What of the encoding's rules was broken (`EN1`–`EN7`). */
export type DecodeReason =
  | 'truncated'
  | 'trailing-bytes'
  | 'non-minimal-length'
  | 'invalid-length'
  | 'out-of-range'
  | 'unknown-value'
  | 'unknown-version'
  | 'invalid-text'
  | 'too-many-items'
  | 'out-of-order';

/** Carries a refusal out of nested readers; `decode` turns it into a value, so it never leaves this folder. */
export class DecodeFault extends Error {
  readonly refusal: DecodeRefusal;

  constructor(reason: DecodeReason, offset: number) {
    super(`${reason} at byte ${offset}`);
    this.refusal = { code: 'malformed', reason, offset };
  }
}

/**
 * Reads TLS presentation language (RFC 8446 §3) with the variable-size vectors of RFC 9420 §2.1.2. Byte strings are
 * views into the input, not copies.
 */
export class Reader {
  offset = 0;
  readonly #bytes: Uint8Array;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  get atEnd(): boolean {
    return this.offset === this.#end;
  }

  fail(reason: DecodeReason, offset: number = this.offset): never {
    throw new DecodeFault(reason, offset);
  }

  /** Big-endian integer of 1 to 8 bytes. Above 2^53−1 it is refused, since numbers would round it. */
  integer(byteCount: number): number {
    const start = this.offset;
    if (start + byteCount > this.#end) this.fail('truncated', this.#end);
    let value = 0;
    for (let i = 0; i < byteCount; i++) value = value * 256 + (this.#bytes[start + i] as number);
    if (value > Number.MAX_SAFE_INTEGER) this.fail('out-of-range', start);
    this.offset = start + byteCount;
    return value;
  }

  take(byteCount: number): Uint8Array {
    const start = this.offset;
    if (byteCount > this.#end - start) this.fail('truncated', this.#end);
    this.offset = start + byteCount;
    return this.#bytes.subarray(start, start + byteCount);
  }

  /** The length prefix of RFC 9420 §2.1.2: 1, 2 or 4 bytes, and only the shortest that fits. */
  vectorLength(): number {
    const start = this.offset;
    const first = this.integer(1);
    const prefix = first >> 6;
    if (prefix === 0) return first;
    if (prefix === 3) this.fail('invalid-length', start);
    const length = (first & 0x3f) * (prefix === 1 ? 0x100 : 0x1000000) + this.integer(prefix === 1 ? 1 : 3);
    if (length < (prefix === 1 ? 0x40 : 0x4000)) this.fail('non-minimal-length', start);
    return length;
  }

  opaqueVector(): Uint8Array {
    return this.take(this.vectorLength());
  }

  /** Runs `readItem` until the vector's bytes are used up; an item can't read past the vector that holds it. */
  items(readItem: () => void): void {
    const length = this.vectorLength();
    if (length > this.#end - this.offset) this.fail('truncated', this.#end);
    const outerEnd = this.#end;
    this.#end = this.offset + length;
    while (!this.atEnd) readItem();
    this.#end = outerEnd;
  }
}
