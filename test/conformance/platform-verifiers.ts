import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { concatBytes, fromHex, toHex } from '../../core/bytes/index.ts';
import type { VerifyJob } from '../../core/crypto/index.ts';

/** SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 §4), up to the 32 bytes themselves. */
const SPKI_PREFIX = fromHex('302a300506032b6570032100') ?? new Uint8Array(0);

/** `node:crypto`, in Node and in workerd: synchronous, each key imported once. */
export function createNodeVerifier(): (jobs: readonly VerifyJob[]) => boolean[] {
  const keys = new Map<string, KeyObject>();
  const importKey = (raw: Uint8Array) => {
    const name = toHex(raw);
    const key = keys.get(name) ?? createPublicKey(spkiOf(raw));
    keys.set(name, key);
    return key;
  };
  return (jobs) =>
    jobs.map(({ key, message, signature }) => {
      try {
        return verify(null, message, importKey(key), signature);
      } catch {
        return false;
      }
    });
}

/** Any bytes do, though the types of Node ask for its own kind. */
function spkiOf(raw: Uint8Array): Parameters<typeof createPublicKey>[0] {
  const spki = { key: concatBytes(SPKI_PREFIX, raw), format: 'der', type: 'spki' } as const;
  return spki as Parameters<typeof createPublicKey>[0];
}

/** WebCrypto, as browsers have it. Some refuse to import what is no point; that is a verdict, not a fault. */
export async function verifyByWebCrypto(jobs: readonly VerifyJob[]): Promise<boolean[]> {
  return Promise.all(
    jobs.map(async ({ key, message, signature }) => {
      try {
        const imported = await crypto.subtle.importKey('raw', key.slice(), { name: 'Ed25519' }, false, ['verify']);
        return await crypto.subtle.verify({ name: 'Ed25519' }, imported, signature.slice(), message.slice());
      } catch {
        return false;
      }
    }),
  );
}
