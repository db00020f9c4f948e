const FIRST_ROOM = 1_024;

/** Writes the binary format of WebAssembly, integers always in their shortest form. */
export class ModuleWriter {
  #bytes = new Uint8Array(FIRST_ROOM);
  #length = 0;

  write(...bytes: readonly number[]): void {
    this.#makeRoom(bytes.length);
    for (const byte of bytes) this.#bytes[this.#length++] = byte;
  }

  append(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  u32(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.write((rest % 0x80) | 0x80);
    this.write(rest);
  }

  /** Signed LEB128, of a number that is not negative. */
  positive(value: number): void {
    let rest = value;
    for (; rest >= 0x40; rest = Math.floor(rest / 0x80)) this.write((rest % 0x80) | 0x80);
    this.write(rest);
  }

  /** What `fill` writes, after its length. */
  sized(fill: (writer: ModuleWriter) => void): void {
    const content = new ModuleWriter();
    fill(content);
    this.u32(content.#length);
    this.append(content.finish());
  }

  /** A view; nothing may be written afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #makeRoom(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    bytes.set(this.finish());
    this.#bytes = bytes;
  }
}
