export type Paint = (text: string) => string;

/** How words of one kind look; nothing but the words themselves where there are no colours. */
export interface Style {
  readonly quiet: Paint;
  readonly own: Paint;
  readonly verified: Paint;
  readonly alarm: Paint;
  /** A colour of somebody's own. */
  person(actor: string, text: string): string;
}

const [BOLD, DIM, RED, GREEN] = [1, 2, 31, 32] as const;
/** Of the sixteen that every terminal has: legible on light and on dark, and neither red nor green, which mean something. */
const PERSON_COLOURS = [36, 35, 34, 33, 96, 95, 94] as const;

export function createStyle(hasColour: boolean): Style {
  const paint =
    (code: number): Paint =>
    (text) =>
      hasColour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    quiet: paint(DIM),
    own: paint(BOLD),
    verified: paint(GREEN),
    alarm: paint(RED),
    person: (actor, text) => paint(PERSON_COLOURS[colourOf(actor)] ?? BOLD)(text),
  };
}

/** https://no-color.org: any value that is not empty. */
export function wantsColour(output: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return output.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

function colourOf(actor: string): number {
  let sum = 0;
  for (const letter of actor) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  return sum % PERSON_COLOURS.length;
}
