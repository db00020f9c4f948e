import stringWidth from 'string-width';
import { wrapText } from './chat/wrap.ts';

/** Narrower than this text is no longer read: the terminal breaks it where it likes. */
const MIN_TEXT_COLUMNS = 20;
const HANG = '  ';

/** What stands behind a head goes on below itself where the terminal ends. Files and pipes get one line. */
export function fold(head: string, text: string, columns = terminalColumns(process.stdout)): readonly string[] {
  const indent = stringWidth(head);
  if (columns - indent < MIN_TEXT_COLUMNS) return [head + text];
  return wrapText(text, columns - indent).map((row, index) => (index === 0 ? head : ' '.repeat(indent)) + row);
}

/** Each line of a text for standard error, which goes on a little further in than it began. */
export function foldLines(text: string, columns = terminalColumns(process.stderr)): string {
  return text
    .split('\n')
    .flatMap((line) => foldLine(line, columns))
    .join('\n');
}

function foldLine(line: string, columns: number): readonly string[] {
  if (stringWidth(line) <= columns) return [line];
  const [indent = ''] = /^ */.exec(line) ?? [];
  const [first = '', ...rest] = fold(indent + HANG, line.slice(indent.length), columns);
  return [indent + first.slice(indent.length + HANG.length), ...rest];
}

function terminalColumns(stream: NodeJS.WriteStream): number {
  return stream.isTTY && stream.columns > 0 ? stream.columns : Number.POSITIVE_INFINITY;
}
