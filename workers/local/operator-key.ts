import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicKeyOf, SEED_BYTES, toBase64Url } from '../../core/index.ts';
import { writeOwnFile } from './write-file.ts';

/** Makes the key of the folder's operator where there is none, and returns its public half in base64url. */
export function openOperatorKey(folder: string): string {
  const path = operatorKeyPath(folder);
  if (!existsSync(path)) {
    writeOwnFile(path, `${randomBytes(SEED_BYTES).toString('base64url')}\n`);
  }
  return toBase64Url(publicKeyOf(readOperatorSeed(folder) ?? new Uint8Array(0)));
}

/** The private half, 32 bytes: whoever may read the folder is the operator of its relay. Undefined where there is none. */
export function readOperatorSeed(folder: string): Buffer | undefined {
  const path = operatorKeyPath(folder);
  return existsSync(path) ? Buffer.from(readFileSync(path, 'utf8').trim(), 'base64url') : undefined;
}

function operatorKeyPath(folder: string): string {
  return join(folder, 'operator.key');
}
