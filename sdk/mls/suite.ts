import type { CiphersuiteImpl } from 'ts-mls';
import { getCiphersuiteFromName } from 'ts-mls/crypto/ciphersuite.js';
import { getCiphersuiteImpl } from 'ts-mls/crypto/getCiphersuiteImpl.js';
import { createSignatureChecker, sha256, type VerifyJob } from '../../core/index.ts';
import { MLS_SUITE_NAME } from '../../core/mls/index.ts';

let loading: Promise<CiphersuiteImpl> | undefined;

/** The supported cipher suite on Web Crypto, with two of its parts replaced. Made once. */
export function loadSuite(): Promise<CiphersuiteImpl> {
  loading ??= createSuite();
  return loading;
}

async function createSuite(): Promise<CiphersuiteImpl> {
  const suite = await getCiphersuiteImpl(getCiphersuiteFromName(MLS_SUITE_NAME));
  return {
    ...suite,
    // Runtimes disagree about odd signatures; a commit that one member follows and another doesn't splits the group.
    signature: { ...suite.signature, verify: (key, message, signature) => isGenuine([{ key, message, signature }]) },
    // Tree hashing digests thousands of short strings, where a round trip to the platform costs more than the hash.
    hash: { ...suite.hash, digest: (data) => Promise.resolve(sha256(data)) },
  };
}

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
