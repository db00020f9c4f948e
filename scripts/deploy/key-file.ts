import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SEED_BYTES = 32;

/** Where a worker's key is kept unless somebody says otherwise. */
export function keyFileOf(config: string, worker: string): string {
  return join(dirname(config), '.terachat', 'deploy', `${worker}.key`);
}

/** The key of the file, which is made where it is missing and never written over. Throws where it holds no key. */
export function openKeyFile(path: string): string {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Any 32 bytes are the seed of an Ed25519 key (RFC 8032 §5.1.5).
    writeFileSync(path, `${randomBytes(SEED_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  }
  const key = readFileSync(path, 'utf8').trim();
  const seed = Buffer.from(key, 'base64url');
  if (seed.length !== SEED_BYTES || seed.toString('base64url') !== key) throw new Error(`${path} holds no relay key`);
  return key;
}
