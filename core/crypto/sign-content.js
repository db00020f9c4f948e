/**
 * The bytes that every signature of the protocol covers (`ED8`; the construction of RFC 9420 §5.1.2):
 *
 *     struct { opaque label<V>; opaque content<V>; } SignContent;
 *
 * `label` is one of the protocol's own ASCII constants and keeps a signature made for one purpose from serving another.
 */
export function signContent(label, content) {
    const labelPrefix = prefixBytes(label.length);
    const contentPrefix = prefixBytes(content.length);
    const bytes = new Uint8Array(labelPrefix + label.length + contentPrefix + content.length);
    let offset = writePrefix(bytes, 0, label.length, labelPrefix);
    for (let i = 0; i < label.length; i++)
        bytes[offset++] = asciiAt(label, i);
    offset = writePrefix(bytes, offset, content.length, contentPrefix);
    bytes.set(content, offset);
    return bytes;
}
/** Longest content: what the four-byte prefix of RFC 9420 §2.1.2 can say. */
const MAX_CONTENT_BYTES = 0x3fff_ffff;
function prefixBytes(length) {
    if (length > MAX_CONTENT_BYTES)
        throw new RangeError(`${length} bytes are more than a length prefix can say`);
    if (length < 0x40)
        return 1;
    return length < 0x4000 ? 2 : 4;
}
/** The two high bits of the first byte are the logarithm of the prefix's own size. */
function writePrefix(bytes, offset, length, prefix) {
    for (let i = 0; i < prefix; i++)
        bytes[offset + i] = length >>> (8 * (prefix - 1 - i));
    bytes[offset] = bytes[offset] | { 1: 0x00, 2: 0x40, 4: 0x80 }[prefix];
    return offset + prefix;
}
function asciiAt(label, index) {
    const code = label.charCodeAt(index);
    if (code > 0x7f)
        throw new RangeError('a signature label is ASCII');
    return code;
}
