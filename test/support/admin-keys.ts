import { scryptSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concatBytes, encode, publicKeyOf, sha256, toBase64Url, utf8ToBytes } from '../../core/index.ts';
import { passphraseBox } from '../../sdk/backup/passphrase-box.ts';
import { actorSigner, type ActorSigner } from '../../sdk/actor-signer.ts';
import { adminKey } from '../../sdk/registry/admin-key.ts';

/** The least work that a reader takes: half a second for each key would be most of what tests take. */
const LOG_N = 15;
export const PASSPHRASE = 'four lighthouses and a tide';

/** An admin with files as `admin key` leaves them, written by the specification (`AR19`). */
export interface KeptAdmin {
  /** Path of the encrypted key. */
  readonly file: string;
  /** base64url */
  readonly key: string;
  readonly signer: ActorSigner;
}

export function keepAdmin(folder: string, name: string): KeptAdmin {
  const seed = sha256(utf8ToBytes(`admin ${name}`));
  const header = { logN: LOG_N, salt: new Uint8Array(16).fill(1), nonce: new Uint8Array(24).fill(2) };
  const box = encode(passphraseBox, { header, sealed: new Uint8Array(0) });
  const line = utf8ToBytes('terachat admin key v1\n');
  // The header, without the length of what follows it.
  const bound = concatBytes(line, box.subarray(0, -1));
  const key = scryptSync(PASSPHRASE, header.salt, 32, { N: 2 ** LOG_N, r: 8, p: 1, maxmem: 2 ** 28 });
  const content = encode(adminKey, { version: 1, createdAt: 1_800_000_000_000, seed });
  const sealed = xchacha20poly1305(key, header.nonce, bound).encrypt(content);
  const file = `${folder}/${name}.key`;
  const publicKey = toBase64Url(publicKeyOf(seed));
  writeFileSync(file, concatBytes(line, encode(passphraseBox, { header, sealed })), { mode: 0o600 });
  writeFileSync(`${file}.pub`, `${publicKey}\n`);
  return { file, key: publicKey, signer: actorSigner(seed) };
}
