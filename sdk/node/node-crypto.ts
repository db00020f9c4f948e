import * as nodeCrypto from 'node:crypto';
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { type VerifyJob } from '../../core/index.ts';
import { actorOfSeedsKey, type ActorSigner } from '../actor-signer.ts';

/** DER around a raw Ed25519 key (RFC 8410 §4, §7): everything but the 32 bytes themselves. */
const PUBLIC_KEY_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PRIVATE_KEY_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
/** Imported keys that are kept: an import costs about as much as a verification. */
const MAX_IMPORTED_KEYS = 1_000;

const imported = new Map<string, KeyObject | undefined>();

/** Ed25519 by `node:crypto`, which answers at once: the fastest verifier of a Node process. */
export function nodeVerifyBatch(jobs: readonly VerifyJob[]): boolean[] {
  return jobs.map(({ key, message, signature }) => {
    const publicKey = importKey(key);
    return publicKey !== undefined && verify(null, message, publicKey, signature);
  });
}

function importKey(bytes: Uint8Array): KeyObject | undefined {
  const name = String.fromCharCode(...bytes);
  if (imported.has(name)) return imported.get(name);
  if (imported.size >= MAX_IMPORTED_KEYS) imported.delete(imported.keys().next().value as string);
  const key = tryImport(bytes);
  imported.set(name, key);
  return key;
}

/** Undefined where OpenSSL refuses the key: that is a verdict, not a fault. */
function tryImport(bytes: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.concat([PUBLIC_KEY_PREFIX, bytes]), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** One call where this Node has it, from 20.12 on. */
const hashOnce = (nodeCrypto as { hash?: typeof nodeCrypto.hash }).hash;

/** SHA-256 by `node:crypto`. */
export function nodeSha256(bytes: Uint8Array): Uint8Array {
  const digest =
    hashOnce === undefined ? createHash('sha256').update(bytes).digest() : hashOnce('sha256', bytes, 'buffer');
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.byteLength);
}

type NodeSigner = Omit<ActorSigner, 'sign'> & { sign(message: Uint8Array): Uint8Array };

/** An actor's signer on `node:crypto`, which answers at once. */
export function nodeSigner(seed: Uint8Array): NodeSigner {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_KEY_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const actor = actorOfSeedsKey(new Uint8Array(spki.subarray(PUBLIC_KEY_PREFIX.length)));
  return { actor, sign: (message) => new Uint8Array(sign(null, message, key)) };
}
