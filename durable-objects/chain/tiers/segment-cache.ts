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
    return this.#underway.get(first) ?? this.#begin(first, read);
  }

  /** What expired is in no memory either: what is on its way is kept by nobody but those who wait for it. */
  drop(first: number): void {
    this.#underway.delete(first);
    this.#evict(first);
  }

  #begin(first: number, read: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    const ended = (bytes?: Uint8Array): void => {
      if (this.#underway.get(first) !== reading) return;
      this.#underway.delete(first);
      if (bytes !== undefined) this.#keep(first, bytes);
    };
    const reading = read();
    this.#underway.set(first, reading);
    return reading.then(
      (bytes) => {
        ended(bytes);
        return bytes;
      },
      (cause: unknown) => {
        ended();
        throw cause;
      },
    );
  }

  /** As the newest; the ones that were longest not asked for make way. */
  #keep(first: number, bytes: Uint8Array): void {
    this.#evict(first);
    this.#kept.set(first, bytes);
    this.#bytes += bytes.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= MAX_CACHED_BYTES) return;
      this.#evict(oldest);
    }
  }

  #evict(first: number): void {
    this.#bytes -= this.#kept.get(first)?.length ?? 0;
    this.#kept.delete(first);
  }
}
