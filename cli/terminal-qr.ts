import encodeQR from 'qr';

/** Light modules around the code. The standard asks for four; scanners take two, and a terminal has few lines. */
const BORDER = 2;
/** Black on bright white, whatever the colours of the terminal: scanners look for dark on light. */
const [COLOURS, PLAIN] = ['\x1b[30;107m', '\x1b[0m'];

/** Room on a screen, in characters; undefined where there is no screen. */
export interface Screen {
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

/**
 * A text as a QR code of half blocks, two rows of modules a line: the text's own characters and nothing else. Undefined where it has
 * no room, since half a code is none.
 */
export function qrOnScreen(text: string, { columns = 0, rows = 0 }: Screen): string | undefined {
  const modules = encodeQR(text, 'raw', { ecc: 'low', border: BORDER });
  if (modules.length > columns || Math.ceil(modules.length / 2) >= rows) return undefined;
  const lines: string[] = [];
  for (let y = 0; y < modules.length; y += 2) {
    const upper = modules[y] ?? [];
    const lower = modules[y + 1];
    lines.push(COLOURS + upper.map((isDark, x) => blockOf(isDark, lower?.[x] ?? false)).join('') + PLAIN);
  }
  return lines.join('\n');
}

function blockOf(isUpperDark: boolean, isLowerDark: boolean): string {
  if (isUpperDark) return isLowerDark ? '█' : '▀';
  return isLowerDark ? '▄' : ' ';
}
