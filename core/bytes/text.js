/**
 * UTF-8 without the platform's TextEncoder, which core may not name. Both directions are strict: an unpaired surrogate
 * can't be encoded and a malformed sequence is no text (RFC 3629).
 */
export function utf8ToBytes(text) {
    const bytes = [];
    for (const symbol of text)
        pushSymbol(bytes, symbol.codePointAt(0));
    return Uint8Array.from(bytes);
}
function pushSymbol(bytes, point) {
    if (point >= 0xd800 && point <= 0xdfff)
        throw new RangeError('text holds an unpaired surrogate');
    if (point < 0x80)
        bytes.push(point);
    else if (point < 0x800)
        bytes.push(0xc0 | (point >> 6), continuation(point, 0));
    else if (point < 0x10000)
        bytes.push(0xe0 | (point >> 12), continuation(point, 6), continuation(point, 0));
    else {
        bytes.push(0xf0 | (point >> 18), continuation(point, 12), continuation(point, 6), continuation(point, 0));
    }
}
function continuation(point, shift) {
    return 0x80 | ((point >> shift) & 0x3f);
}
/** Returns undefined where the bytes are not well-formed UTF-8, overlong forms and surrogates included. */
export function bytesToUtf8(bytes) {
    let text = '';
    for (let offset = 0; offset < bytes.length;) {
        const lead = bytes[offset];
        const length = sequenceLength(lead);
        if (length === 0 || offset + length > bytes.length)
            return undefined;
        const point = readPoint(bytes, offset, lead, length);
        if (point === undefined)
            return undefined;
        text += String.fromCodePoint(point);
        offset += length;
    }
    return text;
}
function sequenceLength(lead) {
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    if (lead >= 0xf0 && lead <= 0xf4)
        return 4;
    return 0;
}
/** Smallest code point that needs a sequence of this length; a smaller one is an overlong form. */
const SMALLEST_POINT = [0, 0, 0x80, 0x800, 0x10000];
const LEAD_MASK = [0, 0x7f, 0x1f, 0x0f, 0x07];
function readPoint(bytes, offset, lead, length) {
    let point = lead & LEAD_MASK[length];
    for (let i = 1; i < length; i++) {
        const byte = bytes[offset + i];
        if ((byte & 0xc0) !== 0x80)
            return undefined;
        point = (point << 6) | (byte & 0x3f);
    }
    const isSurrogate = point >= 0xd800 && point <= 0xdfff;
    return point < SMALLEST_POINT[length] || isSurrogate || point > 0x10ffff ? undefined : point;
}
