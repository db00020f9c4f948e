import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBase64Url, publicKeyOf, SEED_BYTES, toBase64Url } from '../../core/index.ts';
import { LocalRelayError } from './local-relay-error.ts';
import { writeOwnFile } from './write-file.ts';

/** Who a local relay is. Every 32-byte value is base64url without padding. */
export interface RelayIdentity {
  readonly name: string;
  /** Seed of the Ed25519 key that signs checkpoints. */
  readonly checkpointKey: string;
  readonly publicKey: string;
}

const DEFAULT_RELAY_NAME = 'localhost.terachat';

/**
 * Reads `relay.json`, or makes the relay's key and keeps it there. Neither is ever replaced, since the chains of a relay
 * are bound to its name and key for ever: an unreadable file and another name are refused. Needs the folder's lock.
 */
export function openRelayFile(folder: string, name: string | undefined): RelayIdentity {
  const path = relayFilePath(folder);
  if (!existsSync(path)) createRelayFile(path, name ?? DEFAULT_RELAY_NAME);
  else chmodSync(path, 0o600);
  const identity = parseRelayFile(path);
  if (identity === undefined) throw new LocalRelayError({ code: 'relay-file-invalid', path });
  if (name !== undefined && name !== identity.name) {
    throw new LocalRelayError({ code: 'relay-name-fixed', path, name: identity.name });
  }
  return identity;
}

export function relayFilePath(folder: string): string {
  return join(folder, 'relay.json');
}

function createRelayFile(path: string, name: string): void {
  const checkpointKey = randomBytes(SEED_BYTES).toString('base64url');
  writeOwnFile(path, `${JSON.stringify({ name, checkpointKey }, null, 2)}\n`);
}

/** Undefined for what is no file of a relay. */
export function parseRelayFile(path: string): RelayIdentity | undefined {
  try {
    const { name, checkpointKey } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    if (typeof name !== 'string' || typeof checkpointKey !== 'string') return undefined;
    const seed = fromBase64Url(checkpointKey);
    if (seed?.length !== SEED_BYTES) return undefined;
    return { name, checkpointKey, publicKey: toBase64Url(publicKeyOf(seed)) };
  } catch {
    return undefined;
  }
}
