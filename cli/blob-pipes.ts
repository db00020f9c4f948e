import { once } from 'node:events';
import { addAbortSignal, type Readable, type Writable } from 'node:stream';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** Stands for standard input and standard output, where a file could be named. */
export const PIPE = '-';

/** A stream of this process, which may be a terminal. */
interface MaybeTerminal {
  readonly isTTY?: boolean;
}

export interface InputOptions {
  /** More than that is refused, as soon as it has come. */
  readonly limit: number;
  readonly signal: AbortSignal;
  /** Bytes that have come so far. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * All that comes, in memory. It has to be read twice, to be named by its hash before it is sent; and what is secret enough to be
 * encrypted is not left on a disk in plain by a process that is killed.
 */
export async function readInput(
  input: Readable & MaybeTerminal,
  { limit, signal, onBytes }: InputOptions,
): Promise<Blob> {
  if (input.isTTY === true) {
    const hint = 'Pipe it in, as in: tar c folder | terachat blob put GROUP - --name folder.tar';
    throw new Failure('usage', 'input-terminal', 'Standard input is a terminal, and no file.', hint);
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of addAbortSignal(signal, input)) {
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > limit) throw new Failure('usage', 'input-too-large', `Standard input has more than ${limit} bytes.`);
    parts.push(part);
    onBytes(bytes);
  }
  return new Blob(parts);
}

/** Bytes that somebody else chose could tell a terminal to do anything. */
export function refuseTerminal(output: MaybeTerminal): void {
  if (output.isTTY !== true) return;
  const hint = 'Pipe it into a program, name a file to write, or add --force.';
  throw new Failure('usage', 'output-terminal', 'Standard output is a terminal.', hint);
}

/**
 * Standard output gets what is verified so far; a script looks at how the command ended. Who closes it before the end has seen too
 * little, so a process that ends of that ends with 1.
 */
export async function writeOutput(output: Writable, segments: AsyncIterable<Uint8Array>): Promise<void> {
  process.exitCode = EXIT.failed.code;
  for await (const segment of segments) if (!output.write(segment)) await once(output, 'drain');
  process.exitCode = undefined;
}
