import { scryptAsync } from '@noble/hashes/scrypt.js';
import { utf8ToBytes } from '../core/index.ts';

export const PASSPHRASE_KEY_BYTES = 32;
export const SALT_BYTES = 16;
/** 128 MiB and about half a second for each guess at a passphrase (`BK2`, `CL22`). */
export const DEFAULT_LOG_N = 17;
/** What a reader works for: a file must not make it take more memory than 1 GiB, or be weaker than it looks. */
const MIN_LOG_N = 15;
const MAX_LOG_N = 20;
const BLOCK_SIZE = 8;

/** How much work one passphrase is, and what makes it this file's alone. */
export interface Stretching {
  /** Log2 of scrypt's cost. */
  readonly logN: number;
  readonly salt: Uint8Array;
}

export function isLogN(logN: number): boolean {
  return Number.isInteger(logN) && logN >= MIN_LOG_N && logN <= MAX_LOG_N;
}

/** A key from a passphrase (RFC 7914). Composed: two keyboards that write `é` in two ways must give one key. */
export function stretchPassphrase(passphrase: string, { logN, salt }: Stretching): Promise<Uint8Array> {
  const cost = { N: 2 ** logN, r: BLOCK_SIZE, p: 1, maxmem: 2 ** 31 };
  return scryptAsync(utf8ToBytes(passphrase.normalize('NFC')), salt, { ...cost, dkLen: PASSPHRASE_KEY_BYTES });
}
