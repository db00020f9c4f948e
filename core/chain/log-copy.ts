import {
  decode,
  encode,
  opaque,
  opaqueVector,
  struct,
  text,
  vector,
  version,
  type DecodeRefusal,
} from '../codec/index.ts';
import { HASH_BYTES, MAX_ENTRY_BYTES } from '../event/index.ts';
import type { Result } from '../result.ts';

/** Entries that one copy holds; with the largest ones, its length prefix is used up long before. */
const MAX_COPIED_ENTRIES = 4_194_304;
const MAX_CHECKPOINT_BYTES = 4_096;

const logCopyCodec = struct('LogCopy', {
  version: version(1),
  chain: opaque(HASH_BYTES),
  /** Covers exactly the entries. */
  checkpoint: text(MAX_CHECKPOINT_BYTES),
  entries: vector(opaqueVector(MAX_ENTRY_BYTES), MAX_COPIED_ENTRIES),
});

/** A whole log in one file: all that an offline audit needs (`AU5`). It holds no payloads. */
export interface LogCopy {
  readonly chain: Uint8Array;
  readonly checkpoint: string;
  readonly entries: readonly Uint8Array[];
}

/** The bytes of a copy. Its checkpoint must cover exactly its entries (`AU5`). */
export function encodeLogCopy(copy: LogCopy): Uint8Array {
  return encode(logCopyCodec, { version: 1, ...copy });
}

/** Only the frame is parsed here; what the entries hold is for the audit to judge. */
export function parseLogCopy(bytes: Uint8Array): Result<LogCopy, DecodeRefusal> {
  return decode(logCopyCodec, bytes);
}
