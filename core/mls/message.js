import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { wireformats } from 'ts-mls/wireformat.js';
import { equalBytes } from '../bytes/index.ts';
import { ok } from '../result.ts';
import { refuse } from './refusal.ts';
/** What precedes every MLSMessage: `uint16 version`, `uint16 wire_format` (RFC 9420 §6). */
export const MESSAGE_HEADER_BYTES = 4;
const MLS10 = 1;
/** Opens an MLSMessage of one wire format. Sizes are checked before parsing, and one encoding is accepted (`ML5`, `ML6`). */
export function openMlsMessage(bytes, wireFormat, maxBytes) {
    if (bytes.length > maxBytes)
        return refuse('mls-too-large');
    if (bytes.length < MESSAGE_HEADER_BYTES)
        return refuse('mls-malformed');
    const header = new DataView(bytes.buffer, bytes.byteOffset, MESSAGE_HEADER_BYTES);
    if (header.getUint16(0) !== MLS10)
        return refuse('mls-version');
    if (header.getUint16(2) !== wireformats[wireFormat])
        return refuse('mls-wire-format');
    const message = decodeWhole(bytes, decodeMlsMessage, encodeMlsMessage);
    return message.ok ? ok(message.value) : message;
}
/**
 * Decodes the one encoding of a value. The library's decoders accept trailing bytes, long length prefixes and any byte
 * for "absent"; encoding again tells those apart, and lets signatures be checked over slices of what was received.
 */
export function decodeWhole(bytes, decode, encode) {
    try {
        const decoded = decode(bytes, 0);
        if (decoded === undefined)
            return refuse('mls-malformed');
        const [value, length] = decoded;
        return length === bytes.length && equalBytes(encode(value), bytes) ? ok(value) : refuse('mls-not-canonical');
    }
    catch {
        // The library throws on truncated vectors, and runs out of stack on lists of many thousand items.
        return refuse('mls-malformed');
    }
}
