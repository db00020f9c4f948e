import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
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
import { DEFAULT_LOG_N, isLogN, SALT_BYTES, stretchPassphrase } from '../passphrase.ts';

const NONCE_BYTES = 24;
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
  const header = { logN: DEFAULT_LOG_N, salt: randomBytes(SALT_BYTES), nonce: randomBytes(NONCE_BYTES) };
  const cipher = xchacha20poly1305(await stretchPassphrase(passphrase, header), header.nonce, boundTo(label, header));
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
  if (!isLogN(header.logN)) return 'malformed';
  try {
    return xchacha20poly1305(await stretchPassphrase(passphrase, header), header.nonce, boundTo(label, header)).decrypt(
      sealed,
    );
  } catch {
    return 'refused';
  }
}

type Header = Decoded<typeof headerCodec>;

function boundTo(label: string, header: Header): Uint8Array {
  return concatBytes(labelLine(label), encode(headerCodec, header));
}

function labelLine(label: string): Uint8Array {
  return utf8ToBytes(`${label}\n`);
}
