/**
 * A sender must not move the reader's cursor, recolour the terminal or turn words around: control characters show as what
 * they are, but for tabs and line feeds.
 */
export function printable(text: string): string {
  return text.replace(/(?![\t\n])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, (control) => {
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Sets every line but the first back: no line of a message may look like the beginning of another. */
export function hanging(text: string, indent: string): string {
  return text.replaceAll('\n', `\n${indent}`);
}
