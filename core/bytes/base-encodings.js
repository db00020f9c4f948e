import { base64, base64urlnopad, hex } from '@scure/base';
/** Base64url without padding: the text form of every 32-byte value in paths, origins and JSON (`WI2`). */
export function toBase64Url(bytes) {
    return base64urlnopad.encode(bytes);
}
/** Standard base64 with padding, as C2SP notes write it. */
export function toBase64(bytes) {
    return base64.encode(bytes);
}
/** Lower-case hexadecimal. */
export function toHex(bytes) {
    return hex.encode(bytes);
}
/** Returns undefined for anything but the one text that `toBase64Url` gives for these bytes. */
export function fromBase64Url(text) {
    return decodeCanonical(base64urlnopad, text);
}
/** Returns undefined for anything but the one text that `toBase64` gives for these bytes. */
export function fromBase64(text) {
    return decodeCanonical(base64, text);
}
/** Returns undefined for odd lengths, upper case and foreign characters. */
export function fromHex(text) {
    return decodeCanonical(hex, text);
}
/** Encoding again catches what decoders let pass: stray low bits, white space, mixed case. */
function decodeCanonical(coder, text) {
    try {
        const bytes = coder.decode(text);
        return coder.encode(bytes) === text ? bytes : undefined;
    }
    catch {
        return undefined;
    }
}
