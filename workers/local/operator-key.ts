import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOwnFile } from './write-file.ts';

/** RFC 8410: what stands before the seed of an Ed25519 key in PKCS #8. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Makes the key of the folder's operator where there is none, and returns its public half in base64url. */
export function openOperatorKey(folder: string): string {
  const path = operatorKeyPath(folder);
  if (!existsSync(path)) {
    const { d: seed = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    writeOwnFile(path, `${seed}\n`);
  }
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, readOperatorSeed(folder) ?? Buffer.alloc(0)]),
    format: 'der',
    type: 'pkcs8',
  });
  return createPublicKey(key).export({ format: 'jwk' }).x ?? '';
}

/** The private half, 32 bytes: whoever may read the folder is the operator of its relay. Undefined where there is none. */
export function readOperatorSeed(folder: string): Buffer | undefined {
  const path = operatorKeyPath(folder);
  return existsSync(path) ? Buffer.from(readFileSync(path, 'utf8').trim(), 'base64url') : undefined;
}

function operatorKeyPath(folder: string): string {
  return join(folder, 'operator.key');
}
