/** Bytes of segments that stay in the memory of a chain's object after they were read. */
const MAX_CACHED_BYTES = 4_194_304;

/**
 * Segments that were read of late, by their first index: who catches up asks for the same one page after page, and whoever else was away asks
 * for the same ones. Readers who ask at one time share a reading.
 */
export class SegmentCache {
  readonly #kept = new Map<number, Uint8Array>();
  readonly #underway = new Map<number, Promise<Uint8Array | undefined>>();
  #bytes = 0;

  /** The bytes of a segment where they are here. */
  peek(first: number): Uint8Array | undefined {
    return this.#kept.get(first);
  }

  /** The same, or what `read` gives, which is kept where it is anything. */
  get(first: number, read: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    const kept = this.#kept.get(first);
    if (kept !== undefined) {
      this.#keep(first, kept);
      return Promise.resolve(kept);
    }
    const underway = this.#underway.get(first) ?? this.#read(first, read);
    this.#underway.set(first, underway);
    return underway;
  }

  /** What expired is in no memory either. */
  drop(first: number): void {
    this.#bytes -= this.#kept.get(first)?.length ?? 0;
    this.#kept.delete(first);
  }

  async #read(first: number, read: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    try {
      const bytes = await read();
      if (bytes !== undefined) this.#keep(first, bytes);
      return bytes;
    } finally {
      this.#underway.delete(first);
    }
  }

  /** As the newest; the ones that were longest not asked for make way. */
  #keep(first: number, bytes: Uint8Array): void {
    this.drop(first);
    this.#kept.set(first, bytes);
    this.#bytes += bytes.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= MAX_CACHED_BYTES) return;
      this.drop(oldest);
    }
  }
}
