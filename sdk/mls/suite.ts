import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import type { Ciphersuite, CiphersuiteImpl, CiphersuiteName } from 'ts-mls';
import { getCiphersuiteFromName } from 'ts-mls/crypto/ciphersuite.js';
import { getCiphersuiteImpl } from 'ts-mls/crypto/getCiphersuiteImpl.js';
import { createSignatureChecker, sha256, type VerifyJob } from '../../core/index.ts';
import { DEFAULT_SUITE, XWING_SUITE } from '../../core/mls/index.ts';

const loaded = new Map<string, Promise<CiphersuiteImpl>>();

/** A cipher suite by the library's name, on Web Crypto where that has it, with three of its parts replaced. Made once. */
export function loadSuite(name: string): Promise<CiphersuiteImpl> {
  const suite = loaded.get(name) ?? createSuite(name);
  loaded.set(name, suite);
  return suite;
}

export function loadDefaultSuite(): Promise<CiphersuiteImpl> {
  return loadSuite(DEFAULT_SUITE.name);
}

/** What the library knows by no name of its own. */
const EXPERIMENTS: Readonly<Record<string, Omit<Ciphersuite, 'name'>>> = {
  [XWING_SUITE.name]: {
    hash: 'SHA-256',
    hpke: { kem: 'X-Wing', aead: 'AES256GCM', kdf: 'HKDF-SHA256' },
    signature: 'Ed25519',
  },
};

async function createSuite(name: string): Promise<CiphersuiteImpl> {
  // Names are open on the wire: digits stand for what the library has no name for.
  const known = name as CiphersuiteName;
  const experiment = EXPERIMENTS[name];
  const suite = await getCiphersuiteImpl(experiment ? { ...experiment, name: known } : getCiphersuiteFromName(known));
  return {
    ...suite,
    // Runtimes disagree about odd signatures; a commit that one member follows and another doesn't splits the group.
    signature: { ...suite.signature, verify: (key, message, signature) => isGenuine([{ key, message, signature }]) },
    // Tree hashing digests thousands of short strings, where a round trip to the platform costs more than the hash.
    hash: { ...suite.hash, digest: (data) => Promise.resolve(sha256(data)) },
    // The same for the secrets of an epoch: a hundred and eighty in a group of twenty, each time that its keys change.
    kdf: { ...suite.kdf, ...directKdf },
  };
}

/** HKDF of SHA-256 (RFC 5869), in this thread. */
const directKdf: Pick<CiphersuiteImpl['kdf'], 'extract' | 'expand'> = {
  extract: (salt, ikm) => Promise.resolve(extract(nobleSha256, ikm, salt)),
  expand: (prk, info, length) => Promise.resolve(expand(nobleSha256, prk, info, length)),
};

const checker = createSignatureChecker({
  verifyBatch: (jobs: readonly VerifyJob[]): Promise<boolean[]> => Promise.all(jobs.map(verifyOnPlatform)),
});

/** Whether every signature passes the admission rule that the relay applies too (docs/spec/ed25519.md). */
export async function isGenuine(jobs: readonly VerifyJob[]): Promise<boolean> {
  const verdicts = await checker.check(jobs);
  return verdicts.every(Boolean);
}

async function verifyOnPlatform({ key, message, signature }: VerifyJob): Promise<boolean> {
  try {
    const imported = await crypto.subtle.importKey('raw', copyOf(key), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', imported, copyOf(signature), copyOf(message));
  } catch {
    // An import that refuses the key is a verdict, not a fault.
    return false;
  }
}

/** Web Crypto takes no view into shared memory, and the type can't say that these are none. */
function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
