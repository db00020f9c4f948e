import { base32nopad, base64, base64urlnopad, hex, type BytesCoder } from '@scure/base';

/** Base64url without padding: the text form of every 32-byte value in paths, origins and JSON (`WI2`). */
export function toBase64Url(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

/** Standard base64 with padding, as C2SP notes write it. */
export function toBase64(bytes: Uint8Array): string {
  return base64.encode(bytes);
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return hex.encode(bytes);
}

/** Base32 of RFC 4648 without padding, in lower case: for people to read and to write down, without 0, 1 and 8. */
export function toBase32(bytes: Uint8Array): string {
  return base32nopad.encode(bytes).toLowerCase();
}

/** Returns undefined for anything but the one text that `toBase32` gives for these bytes. */
export function fromBase32(text: string): Uint8Array | undefined {
  return text === text.toLowerCase() ? decodeCanonical(base32nopad, text.toUpperCase()) : undefined;
}

/** Returns undefined for anything but the one text that `toBase64Url` gives for these bytes. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  return decodeCanonical(base64urlnopad, text);
}

/** Returns undefined for anything but the one text that `toBase64` gives for these bytes. */
export function fromBase64(text: string): Uint8Array | undefined {
  return decodeCanonical(base64, text);
}

/** Returns undefined for odd lengths, upper case and foreign characters. */
export function fromHex(text: string): Uint8Array | undefined {
  return decodeCanonical(hex, text);
}

/** Encoding again catches what decoders let pass: stray low bits, white space, mixed case. */
function decodeCanonical(coder: BytesCoder, text: string): Uint8Array | undefined {
  try {
    const bytes = coder.decode(text);
    return coder.encode(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}
