import { createInterface } from 'node:readline/promises';
import { Failure } from './failure.ts';
import type { Output } from './output.ts';

/** Goes on where somebody at the terminal says yes. Nobody there is no, and so is a program that reads JSON. */
export async function confirm(question: string, { isJson }: Output, signal: AbortSignal): Promise<void> {
  const { stdin, stderr } = process;
  if (isJson || !stdin.isTTY) {
    throw new Failure('usage', 'not-confirmed', 'Nobody is there to ask.', '--yes goes on without.');
  }
  const terminal = createInterface({ input: stdin, output: stderr });
  const answer = await terminal.question(`${question} [y/N] `, { signal }).finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('failed', 'not-confirmed', 'Nothing was done.');
}
