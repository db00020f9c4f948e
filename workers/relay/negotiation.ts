const JSON_TYPE = 'application/json';
const HTML_TYPE = 'text/html';
const QUALITY = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** A media range of an Accept header (RFC 9110 §12.5.1) with its place, which breaks ties. */
interface Preference {
  readonly quality: number;
  readonly place: number;
}

/**
 * Whether the caller would rather read JSON than `nativeType` (`WI7`). JSON must be asked for by name, since a wildcard is
 * what programs send that never thought about it; between equals, a type named beats a wildcard and then the first wins.
 */
export function prefersJson(accept: string | null, nativeType: string): boolean {
  if (accept === null || !/application\/json/i.test(accept)) return false;
  return prefers(parseAccept(accept), JSON_TYPE, nativeType);
}

/** Whether the caller is a browser that somebody sits at: it asks for a page by name, and for JSON less (`HT12`). */
export function prefersHtml(accept: string | null): boolean {
  return accept !== null && prefers(parseAccept(accept), HTML_TYPE, JSON_TYPE);
}

function prefers(ranges: ReadonlyMap<string, Preference>, wantedType: string, nativeType: string): boolean {
  const wanted = ranges.get(wantedType);
  if (wanted === undefined || wanted.quality === 0) return false;
  const native = ranges.get(nativeType);
  if (native !== undefined) return isBetter(wanted, native);
  const wildcard = ranges.get(`${nativeType.split('/')[0] ?? ''}/*`) ?? ranges.get('*/*');
  return wildcard === undefined || wanted.quality >= wildcard.quality;
}

function isBetter(a: Preference, b: Preference): boolean {
  return a.quality > b.quality || (a.quality === b.quality && a.place < b.place);
}

function parseAccept(accept: string): Map<string, Preference> {
  const ranges = new Map<string, Preference>();
  for (const [place, member] of accept.split(',').entries()) {
    const [range = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.map((parameter) => QUALITY.exec(parameter)?.[1]).find((q) => q !== undefined);
    ranges.set(range, { quality: Number(quality ?? '1'), place });
  }
  return ranges;
}
