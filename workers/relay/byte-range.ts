/** Bytes of something, `start` included and `end` not. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i;

/**
 * What a Range header asks of something of this size (RFC 9110 §14.2): undefined for all of it, which is also how a header that
 * can't be understood is answered, or names several ranges; `unsatisfiable` where none of it is there.
 */
export function parseRange(header: string | null, size: number): ByteSpan | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = RANGE.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const start = Math.max(size - Number(last), 0);
    return start < size ? { start, end: size } : 'unsatisfiable';
  }
  const [start, end] = [Number(first), last === '' ? size : Math.min(Number(last) + 1, size)];
  if (last !== '' && Number(last) < start) return undefined;
  return start < size ? { start, end } : 'unsatisfiable';
}
