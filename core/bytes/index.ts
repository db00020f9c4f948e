export {
  fromBase32,
  fromBase64,
  fromBase64Url,
  fromHex,
  toBase32,
  toBase64,
  toBase64Url,
  toHex,
} from './base-encodings.ts';
export type { Brand } from './brand.ts';
export { compareBytes, concatBytes, equalBytes, isSameSet } from './bytes.ts';
export { bytesToUtf8, utf8ToBytes } from './text.ts';
export { mapKey } from './map-key.ts';
