import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Failure } from './failure.ts';

const MIN_LENGTH = 12;
const MAX_FILE_BYTES = 4_096;

export interface PassphraseSource {
  /** First line of a file; asked for at the terminal where it is undefined. Never an argument: others see those. */
  readonly file: string | undefined;
  /** Asks twice and refuses short ones. */
  readonly isNew: boolean;
  readonly signal: AbortSignal;
}

/** Reads a passphrase without showing it. */
export async function readPassphrase({ file, isNew, signal }: PassphraseSource): Promise<string> {
  const passphrase = file === undefined ? await ask('Passphrase: ', signal) : readLine(file);
  if (isNew && passphrase.length < MIN_LENGTH) {
    const message = `A passphrase has at least ${MIN_LENGTH} characters: whoever finds the file has all the time to guess.`;
    throw new Failure(
      'usage',
      'passphrase-too-short',
      message,
      'Four or more random words are good and can be remembered.',
    );
  }
  if (isNew && file === undefined && (await ask('Once more: ', signal)) !== passphrase) {
    throw new Failure('usage', 'passphrase-mistyped', 'The two are not the same.', 'Try again.');
  }
  return passphrase;
}

function readLine(file: string): string {
  const bytes = readFileSync(file);
  if (bytes.length > MAX_FILE_BYTES) throw new Failure('usage', 'passphrase-file', `${file} is too long for one.`);
  return bytes.toString('utf8').split(/\r?\n/, 1)[0] ?? '';
}

/** Line editing without an echo: what is typed goes nowhere but into the line. */
function ask(prompt: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw new Failure(
      'usage',
      'no-terminal',
      'There is no terminal to ask at.',
      'Give it with --passphrase-file FILE.',
    );
  }
  stderr.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  return new Promise<string>((resolve, reject) => {
    const stop = (): void => reject(new DOMException('stopped', 'AbortError'));
    lines.once('line', resolve).once('SIGINT', stop).once('close', stop);
    signal.addEventListener('abort', stop, { once: true });
  }).finally(() => {
    lines.close();
    stderr.write('\n');
  });
}
