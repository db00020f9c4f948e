/** What is handed to the platform at a time: pieces of a cell's size take it longer than copying them together does. */
const WRITTEN_BYTES = 1_048_576;

/** Writes small pieces as large ones, each once the one before is taken. */
export class LargeWrites {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #room: Uint8Array;
  #filled = 0;

  /** `totalBytes` is what there will be. */
  constructor(writable: WritableStream<Uint8Array>, totalBytes: number) {
    this.#writer = writable.getWriter();
    this.#room = new Uint8Array(Math.min(WRITTEN_BYTES, totalBytes));
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      const piece = rest.subarray(0, this.#room.length - this.#filled);
      this.#room.set(piece, this.#filled);
      this.#filled += piece.length;
      rest = rest.subarray(piece.length);
      if (this.#filled === this.#room.length) await this.#flush();
    }
  }

  async close(): Promise<void> {
    if (this.#filled > 0) await this.#flush();
    await this.#writer.close();
  }

  async abort(reason: unknown): Promise<void> {
    await this.#writer.abort(reason).catch(() => undefined);
  }

  /** The stream is done with the bytes when it has taken them. */
  async #flush(): Promise<void> {
    await this.#writer.write(this.#room.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
