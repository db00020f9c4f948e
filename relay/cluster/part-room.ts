/**
 * Memory for parts on their way, used again once a node has its part: what the engine has not collected yet would otherwise be as
 * much as the blob. What a node may still be reading, since its answer was late, is never given back.
 */
export class PartRoom {
  readonly #partBytes: number;
  readonly #free: ArrayBufferLike[] = [];

  /** For parts of at most so many bytes. */
  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  /** With anything in it: all of it is to be written. */
  take(length: number): Uint8Array {
    return new Uint8Array(this.#free.pop() ?? new ArrayBuffer(this.#partBytes), 0, length);
  }

  /** Nobody reads the part any more. One that was not taken here is left to the engine. */
  give({ buffer }: Uint8Array): void {
    if (buffer.byteLength === this.#partBytes) this.#free.push(buffer);
  }
}
