import type { RoundText } from './round-text.ts';
import { answerHere, digestOf, randomRound, roundOf } from './rounds.ts';

/** What a test asks of the page: random modules by their numbers, and rounds besides. */
export interface RoundsQuestion {
  readonly seeds: number;
  readonly rounds: readonly RoundText[];
}

const post = (path: string, value: unknown): Promise<unknown> =>
  fetch(path, { method: 'POST', body: JSON.stringify(value) });

/** The digest of what this engine makes of each round, in order. */
async function answer(): Promise<string[]> {
  const { seeds, rounds } = (await (await fetch('/question')).json()) as RoundsQuestion;
  const digests: string[] = [];
  for (let seed = 0; seed < seeds; seed++) digests.push(await digest(randomRound(seed)));
  for (const round of rounds) digests.push(await digest(roundOf(round)));
  return digests;
}

async function digest(round: Parameters<typeof digestOf>[0]): Promise<string> {
  return digestOf(round, await answerHere(round));
}

answer().then(
  (digests) => post('/answer', digests),
  (cause: unknown) => post('/fault', String(cause)),
);
