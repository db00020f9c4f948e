/**
 * UTF-8 without the platform's TextEncoder, which core may not name. Both directions are strict: an unpaired surrogate
 * can't be encoded and a malformed sequence is no text (RFC 3629).
 */
export function utf8ToBytes(text: string): Uint8Array {
  // No unit of UTF-16 takes more than three bytes.
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      bytes[length++] = unit;
      continue;
    }
    const point = text.codePointAt(i) as number;
    if (point > 0xffff) i++;
    length = writePoint(bytes, length, point);
  }
  return bytes.slice(0, length);
}

/** Writes a code point that is not ASCII; returns where the next one goes. */
function writePoint(bytes: Uint8Array, start: number, point: number): number {
  if (point >= 0xd800 && point <= 0xdfff) throw new RangeError('text holds an unpaired surrogate');
  const rest = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  const mark = [0, 0xc0, 0xe0, 0xf0][rest] as number;
  bytes[start] = mark | (point >> (6 * rest));
  for (let i = 1; i <= rest; i++) bytes[start + i] = 0x80 | ((point >> (6 * (rest - i))) & 0x3f);
  return start + rest + 1;
}

/** Returns undefined where the bytes are not well-formed UTF-8, overlong forms and surrogates included. */
export function bytesToUtf8(bytes: Uint8Array): string | undefined {
  let text = '';
  for (let offset = 0; offset < bytes.length;) {
    const lead = bytes[offset] as number;
    const length = sequenceLength(lead);
    if (length === 0 || offset + length > bytes.length) return undefined;
    const point = readPoint(bytes, offset, lead, length);
    if (point === undefined) return undefined;
    text += String.fromCodePoint(point);
    offset += length;
  }
  return text;
}

function sequenceLength(lead: number): 0 | 1 | 2 | 3 | 4 {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

/** Smallest code point that needs a sequence of this length; a smaller one is an overlong form. */
const SMALLEST_POINT = [0, 0, 0x80, 0x800, 0x10000] as const;
const LEAD_MASK = [0, 0x7f, 0x1f, 0x0f, 0x07] as const;

function readPoint(bytes: Uint8Array, offset: number, lead: number, length: 1 | 2 | 3 | 4): number | undefined {
  let point = lead & LEAD_MASK[length];
  for (let i = 1; i < length; i++) {
    const byte = bytes[offset + i] as number;
    if ((byte & 0xc0) !== 0x80) return undefined;
    point = (point << 6) | (byte & 0x3f);
  }
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  return point < SMALLEST_POINT[length] || isSurrogate || point > 0x10ffff ? undefined : point;
}
