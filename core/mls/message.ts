import type { MLSMessage } from 'ts-mls';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { wireformats } from 'ts-mls/wireformat.js';
import { equalBytes } from '../bytes/index.ts';
import { ok, type Result } from '../result.ts';
import { refuse, type MlsMessageCode, type MlsRefusal } from './refusal.ts';

type WireFormat = MLSMessage['wireformat'];
type MessageOf<W extends WireFormat> = Extract<MLSMessage, { readonly wireformat: W }>;

/** What precedes every MLSMessage: `uint16 version`, `uint16 wire_format` (RFC 9420 §6). */
export const MESSAGE_HEADER_BYTES = 4;
const MLS10 = 1;

/** Opens an MLSMessage of one wire format. Sizes are checked before parsing, and one encoding is accepted (`ML5`, `ML6`). */
export function openMlsMessage<W extends WireFormat>(
  bytes: Uint8Array,
  wireFormat: W,
  maxBytes: number,
): Result<MessageOf<W>, MlsRefusal<MlsMessageCode>> {
  if (bytes.length > maxBytes) return refuse('mls-too-large');
  if (bytes.length < MESSAGE_HEADER_BYTES) return refuse('mls-malformed');
  const header = new DataView(bytes.buffer, bytes.byteOffset, MESSAGE_HEADER_BYTES);
  if (header.getUint16(0) !== MLS10) return refuse('mls-version');
  if (header.getUint16(2) !== wireformats[wireFormat]) return refuse('mls-wire-format');
  const message = decodeWhole(bytes, decodeMlsMessage, encodeMlsMessage);
  return message.ok ? ok(message.value as MessageOf<W>) : message;
}

/**
 * Decodes the one encoding of a value. The library's decoders accept trailing bytes and any byte for "absent"; encoding
 * again tells those apart, and lets signatures be checked over slices of what was received.
 */
export function decodeWhole<T>(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array, offset: number) => [T, number] | undefined,
  encode: (value: T) => Uint8Array,
): Result<T, MlsRefusal<'mls-malformed' | 'mls-not-canonical'>> {
  try {
    const decoded = decode(bytes, 0);
    if (decoded === undefined) return refuse('mls-malformed');
    const [value] = decoded;
    return equalBytes(encode(value), bytes) ? ok(value) : refuse('mls-not-canonical');
  } catch {
    // The library throws on truncated vectors and on length prefixes that are longer than needed.
    return refuse('mls-malformed');
  }
}
