import stringWidth from 'string-width';

const ELLIPSIS = '…';
const TAB = '    ';
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Breaks text into rows of at most `width` columns, between words where it can. Wide characters count as two columns. */
export function wrapText(text: string, width: number): readonly string[] {
  return text
    .replaceAll('\t', TAB)
    .split('\n')
    .flatMap((line) => wrapLine(line, Math.max(width, 2)));
}

/** One row of at most `width` columns; what does not fit is left out, and the row says so. */
export function clip(text: string, width: number): string {
  const line = text.replaceAll('\t', TAB).replaceAll('\n', ' ');
  if (stringWidth(line) <= width) return line;
  const [head = ''] = cut(line, width - stringWidth(ELLIPSIS));
  return head + ELLIPSIS;
}

/** As `padEnd`, in columns of the terminal. */
export function padColumns(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

function wrapLine(line: string, width: number): string[] {
  const rows: string[] = [];
  let row = '';
  for (const word of line.split(/(?<= )(?! )/)) {
    if (row !== '' && stringWidth(row + word.trimEnd()) > width) {
      rows.push(row.trimEnd());
      row = '';
    }
    const pieces = cut(row + word.trimEnd(), width);
    rows.push(...pieces.slice(0, -1));
    row = (pieces.at(-1) ?? '') + word.slice(word.trimEnd().length);
  }
  return [...rows, row.trimEnd()];
}

/** Pieces of at most `width` columns, never through the middle of a character that people see as one. */
function cut(text: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const columns = stringWidth(segment);
    if (used + columns > width && used > 0) {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += segment;
    used += columns;
  }
  return [...pieces, piece];
}
