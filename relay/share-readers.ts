/** Who came and who went since a share was last asked. Keys are base64url of actors. */
export interface ReaderChange {
  readonly arrived: readonly string[];
  readonly departed: readonly string[];
}

/** Who reads through a chain's shares, as far as these have told. Nobody, after the chain was evicted: that errs on the safe side. */
export class ShareReaders {
  readonly #ofShare = new Map<number, ReadonlySet<string>>();
  readonly #counts = new Map<string, number>();

  has(key: string): boolean {
    return this.#counts.has(key);
  }

  /** Takes what a share tells in place of what it told before. */
  replace(share: number, keys: Iterable<string>): ReaderChange {
    const before = this.#ofShare.get(share) ?? new Set<string>();
    const after = new Set(keys);
    this.#ofShare.set(share, after);
    const arrived = [...after].filter((key) => !before.has(key));
    const departed = [...before].filter((key) => !after.has(key));
    for (const key of arrived) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    for (const key of departed) this.#release(key);
    return { arrived, departed };
  }

  #release(key: string): void {
    const left = (this.#counts.get(key) ?? 1) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
