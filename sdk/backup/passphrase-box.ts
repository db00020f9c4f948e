import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import {
  bytesToUtf8,
  concatBytes,
  decode,
  encode,
  opaque,
  opaqueVector,
  struct,
  uint8,
  utf8ToBytes,
  type Decoded,
} from '../../core/index.ts';

const SALT_BYTES = 16;
const NONCE_BYTES = 24;
const KEY_BYTES = 32;
/** 128 MiB and about half a second for each guess at a passphrase (`BK2`). */
const LOG_N = 17;
/** What a reader works for: a file must not make it take more memory than 1 GiB, or be weaker than it looks. */
const MIN_LOG_N = 15;
const MAX_LOG_N = 20;
const BLOCK_SIZE = 8;
const MAX_SEALED_BYTES = 4 * 1024 * 1024;

const headerCodec = struct('BoxHeader', { logN: uint8, salt: opaque(SALT_BYTES), nonce: opaque(NONCE_BYTES) });
export const passphraseBox = struct('PassphraseBox', { header: headerCodec, sealed: opaqueVector(MAX_SEALED_BYTES) });

/**
 * Encrypts under a passphrase: scrypt (RFC 7914), then XChaCha20-Poly1305. The box opens with `label`, a line of text that
 * says what it is; label and parameters are authenticated with the content.
 */
export async function sealBox(
  label: string,
  content: Uint8Array,
  { passphrase, randomBytes }: { readonly passphrase: string; readonly randomBytes: (length: number) => Uint8Array },
): Promise<Uint8Array> {
  const header = { logN: LOG_N, salt: randomBytes(SALT_BYTES), nonce: randomBytes(NONCE_BYTES) };
  const cipher = xchacha20poly1305(await keyOf(passphrase, header), header.nonce, boundTo(label, header));
  return concatBytes(labelLine(label), encode(passphraseBox, { header, sealed: cipher.encrypt(content) }));
}

/** `malformed` for what is no box of this label; `refused` where the passphrase is wrong or a byte was changed. */
export async function openBox(
  label: string,
  bytes: Uint8Array,
  passphrase: string,
): Promise<Uint8Array | 'malformed' | 'refused'> {
  const line = labelLine(label);
  if (bytesToUtf8(bytes.subarray(0, line.length)) !== bytesToUtf8(line)) return 'malformed';
  const box = decode(passphraseBox, bytes.subarray(line.length));
  if (!box.ok) return 'malformed';
  const { header, sealed } = box.value;
  if (header.logN < MIN_LOG_N || header.logN > MAX_LOG_N) return 'malformed';
  try {
    return xchacha20poly1305(await keyOf(passphrase, header), header.nonce, boundTo(label, header)).decrypt(sealed);
  } catch {
    return 'refused';
  }
}

type Header = Decoded<typeof headerCodec>;

/** Composed: two keyboards that write `é` in two ways must give one key. */
function keyOf(passphrase: string, { logN, salt }: Header): Promise<Uint8Array> {
  const password = utf8ToBytes(passphrase.normalize('NFC'));
  return scryptAsync(password, salt, { N: 2 ** logN, r: BLOCK_SIZE, p: 1, dkLen: KEY_BYTES, maxmem: 2 ** 31 });
}

function boundTo(label: string, header: Header): Uint8Array {
  return concatBytes(labelLine(label), encode(headerCodec, header));
}

function labelLine(label: string): Uint8Array {
  return utf8ToBytes(`${label}\n`);
}
