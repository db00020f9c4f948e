import type { Output } from '../output.ts';

/** Ends the demo: something that it says of the relay did not hold. */
export class ClaimFailed extends Error {
  override readonly name = 'ClaimFailed';
}

/** Columns before titles and claims: numbers of chapters have one digit or two. */
const MARGIN = 3;

/** What the demo says, counted. Each claim is checked before its line is printed. */
export class Claims {
  readonly #output: Output;
  #chapter = 0;
  #count = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  get count(): number {
    return this.#count;
  }

  /** Where the story is, for what ends it. */
  get place(): string {
    return `chapter ${this.#chapter}, claim ${this.#count + 1}`;
  }

  chapter(title: string): void {
    this.#chapter++;
    this.#output.result({ chapter: this.#chapter, title }, `\n${String(this.#chapter).padEnd(MARGIN)}${title}`);
  }

  /** Prints a claim that holds, and throws for one that does not. `found` says what was there instead. */
  that(claim: string, holds: boolean, found?: unknown): void {
    if (!holds) {
      const instead = found === undefined ? '' : `: found ${JSON.stringify(found)}`;
      throw new ClaimFailed(`${this.place}: ${claim}${instead}`);
    }
    this.#count++;
    this.#output.result({ chapter: this.#chapter, claim: this.#count, text: claim }, `${' '.repeat(MARGIN)}✓ ${claim}`);
  }

  /** Two values that must be the same as JSON. */
  same(claim: string, actual: unknown, expected: unknown): void {
    this.that(claim, JSON.stringify(actual) === JSON.stringify(expected), actual);
  }
}
