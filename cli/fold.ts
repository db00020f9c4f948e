import stringWidth from 'string-width';
import { wrapText } from './chat/wrap.ts';

/** Narrower than this text is no longer read: the terminal breaks it where it likes. */
const MIN_TEXT_COLUMNS = 20;

/** What stands behind a head goes on below itself where the terminal ends. Files and pipes get one line. */
export function fold(head: string, text: string, columns = terminalColumns()): readonly string[] {
  const indent = stringWidth(head);
  if (columns - indent < MIN_TEXT_COLUMNS) return [head + text];
  return wrapText(text, columns - indent).map((row, index) => (index === 0 ? head : ' '.repeat(indent)) + row);
}

function terminalColumns(): number {
  return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : Number.POSITIVE_INFINITY;
}
