import { bytesToUtf8 } from '../bytes/index.ts';
import { ModuleFault, type ModuleRule } from './module-rules.ts';

const CONTINUES = 0x80;

/** Reads the binary format of WebAssembly (core specification, chapter 5). What it can't read, it refuses. */
export class ModuleReader {
  offset = 0;
  readonly #bytes: Uint8Array;
  #end: number;
  /** What is broken where something goes on past `#end`. */
  #endRule: ModuleRule = 'truncated';

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.offset = start;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.offset === this.#end;
  }

  fail(rule: ModuleRule, offset: number = this.offset): never {
    throw new ModuleFault(rule, offset);
  }

  byte(): number {
    if (this.offset >= this.#end) this.fail(this.#endRule, this.#end);
    return this.#bytes[this.offset++] as number;
  }

  take(byteCount: number): Uint8Array {
    const start = this.offset;
    if (byteCount > this.#end - start) this.fail(this.#endRule, this.#end);
    this.offset = start + byteCount;
    return this.#bytes.subarray(start, this.offset);
  }

  /** Unsigned LEB128 of 32 bits. Longer forms of a value are valid up to 5 bytes: linkers leave room that way. */
  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const at = this.offset;
      const byte = this.byte();
      if (shift === 28) this.#checkLast(byte, byte <= 0x0f, at);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < CONTINUES) return value;
    }
  }

  /** Signed LEB128 of 32 bits, of which the unsigned value is given. */
  i32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const at = this.offset;
      const byte = this.byte();
      if (shift === 28) this.#checkLast(byte, byte <= 0x07 || byte >= 0x78, at);
      value |= (byte & 0x7f) << shift;
      if (byte >= CONTINUES) continue;
      const isNegative = (byte & 0x40) !== 0 && shift < 28;
      return (isNegative ? value | (-1 << (shift + 7)) : value) >>> 0;
    }
  }

  /** Signed LEB128 of 64 bits, of which nobody here needs the value. */
  skipI64(): void {
    for (let read = 1; ; read++) {
      const at = this.offset;
      const byte = this.byte();
      if (read === 10) this.#checkLast(byte, byte === 0 || byte === 0x7f, at);
      if (byte < CONTINUES) return;
    }
  }

  name(): string {
    const length = this.u32();
    const start = this.offset;
    return bytesToUtf8(this.take(length)) ?? this.fail('name-utf8', start);
  }

  /** A count of things of which there may be so many. */
  count(limit: number, rule: ModuleRule): number {
    const start = this.offset;
    const count = this.u32();
    if (count > limit) this.fail(rule, start);
    return count;
  }

  /** Reads what fills the next `byteCount` bytes; `rule` is broken where it needs more or leaves some. */
  within<T>(byteCount: number, rule: ModuleRule, read: () => T): T {
    if (byteCount > this.#end - this.offset) this.fail(this.#endRule, this.#end);
    const outer = [this.#end, this.#endRule] as const;
    this.#end = this.offset + byteCount;
    this.#endRule = rule;
    const value = read();
    if (!this.atEnd) this.fail(rule);
    [this.#end, this.#endRule] = outer;
    return value;
  }

  #checkLast(byte: number, fits: boolean, at: number): void {
    if (byte >= CONTINUES) this.fail('leb-overlong', at);
    if (!fits) this.fail('leb-range', at);
  }
}
