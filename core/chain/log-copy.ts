import { compareBytes } from '../bytes/index.ts';
import {
  decode,
  encode,
  opaque,
  opaqueVector,
  sortedVector,
  struct,
  text,
  vector,
  version,
  type DecodeRefusal,
} from '../codec/index.ts';
import { HASH_BYTES, MAX_ENTRY_BYTES } from '../event/index.ts';
import { MAX_MODULE_BYTES } from '../policy/index.ts';
import { err, ok, type Result } from '../result.ts';
import { MAX_CHECKPOINT_BYTES } from '../wire/limits.ts';

/** Entries that one copy holds; with the largest ones, its length prefix is used up long before. */
const MAX_COPIED_ENTRIES = 4_194_304;
/** As many as a registry lists. */
const MAX_COPIED_MODULES = 2_048;
/** Of a copy with modules. */
const VERSION_WITH_MODULES = 2;

const log = {
  chain: opaque(HASH_BYTES),
  /** Covers exactly the entries. */
  checkpoint: text(MAX_CHECKPOINT_BYTES),
  entries: vector(opaqueVector(MAX_ENTRY_BYTES), MAX_COPIED_ENTRIES),
};

const logCopyCodec = struct('LogCopy', { version: version(1), ...log });

const policedCopyCodec = struct('PolicedLogCopy', {
  version: version(VERSION_WITH_MODULES),
  ...log,
  modules: sortedVector(opaqueVector(MAX_MODULE_BYTES), MAX_COPIED_MODULES, compareBytes),
});

/** A whole log in one file: all that an offline audit needs (`AU5`). It holds no payloads. */
export interface LogCopy {
  readonly chain: Uint8Array;
  readonly checkpoint: string;
  readonly entries: readonly Uint8Array[];
  /** Modules of the policies that decided in it, as they were signed. */
  readonly modules: readonly Uint8Array[];
}

type Copied = Omit<LogCopy, 'modules'> & Partial<Pick<LogCopy, 'modules'>>;

/** The bytes of a copy. Its checkpoint must cover exactly its entries (`AU5`); each module is there once, in any order. */
export function encodeLogCopy({ modules = [], ...copied }: Copied): Uint8Array {
  if (modules.length === 0) return encode(logCopyCodec, { version: 1, ...copied });
  return encode(policedCopyCodec, { version: 2, ...copied, modules: modules.toSorted(compareBytes) });
}

/** Only the frame is parsed here; what the entries hold, and whether the modules are the ones, is for the audit to judge. */
export function parseLogCopy(bytes: Uint8Array): Result<LogCopy, DecodeRefusal> {
  const isPoliced = bytes[1] === VERSION_WITH_MODULES;
  const decoded = isPoliced ? decode(policedCopyCodec, bytes) : decode(logCopyCodec, bytes);
  if (!decoded.ok) return decoded;
  const { version: _, ...copy } = { modules: [], ...decoded.value };
  // Without modules it has the other version: equal copies have one encoding.
  const isTwofold = isPoliced && copy.modules.length === 0;
  return isTwofold ? err({ code: 'malformed', reason: 'unknown-version', offset: 0 }) : ok(copy);
}
