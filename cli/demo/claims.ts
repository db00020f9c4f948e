/** Ends the demo: something that it says of the relay did not hold. */
export class ClaimFailed extends Error {
  override readonly name = 'ClaimFailed';
}

/** What the demo says, counted. Each claim is checked before its line is printed. */
export class Claims {
  #chapter = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  chapter(title: string): void {
    this.#chapter++;
    process.stdout.write(`\n${this.#chapter}  ${title}\n`);
  }

  /** Prints a claim that holds, and throws for one that does not. `found` says what was there instead. */
  that(claim: string, holds: boolean, found?: unknown): void {
    if (!holds) {
      const instead = found === undefined ? '' : `: found ${JSON.stringify(found)}`;
      throw new ClaimFailed(`chapter ${this.#chapter}, claim ${this.#count + 1}: ${claim}${instead}`);
    }
    this.#count++;
    process.stdout.write(`   ✓ ${claim}\n`);
  }

  /** Two values that must be the same as JSON. */
  same(claim: string, actual: unknown, expected: unknown): void {
    this.that(claim, JSON.stringify(actual) === JSON.stringify(expected), actual);
  }
}
