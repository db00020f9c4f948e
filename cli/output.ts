import type { Json } from '../core/index.ts';
import { foldLines } from './fold.ts';

/** Where a command's words go: one JSON document a line for programs, or text for people. */
export interface Output {
  readonly isJson: boolean;
  /** The result: `text` to people, `value` to programs. */
  result(value: Json, text: string): void;
  /** What happens on the way; programs don't see it. */
  note(text: string): void;
}

export function createOutput(isJson: boolean): Output {
  return {
    isJson,
    result: (value, text) => process.stdout.write(isJson ? `${JSON.stringify(value)}\n` : `${text}\n`),
    note: (text) => {
      if (!isJson) process.stderr.write(`${foldLines(text)}\n`);
    },
  };
}

/** Labels in one column and what they stand for in the next. */
export function table(rows: readonly (readonly [string, string])[], indent = '  '): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${indent}${label.padEnd(width)}  ${text}`).join('\n');
}
