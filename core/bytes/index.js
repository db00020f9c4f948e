export { fromBase64, fromBase64Url, fromHex, toBase64, toBase64Url, toHex } from './base-encodings.ts';
export { compareBytes, concatBytes, equalBytes } from './bytes.ts';
export { bytesToUtf8, utf8ToBytes } from './text.ts';
