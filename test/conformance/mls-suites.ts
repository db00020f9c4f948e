import { sha384, sha512 } from '@noble/hashes/sha2.js';
import { getCiphersuiteFromId, type CiphersuiteId } from 'ts-mls/crypto/ciphersuite.js';
import { concatBytes, sha256 } from '../../core/index.ts';
import type { PublicSuite } from '../../core/mls/index.ts';

type Hash = Pick<PublicSuite, 'hash' | 'hashBytes'>;

const HASHES: Readonly<Record<string, Hash>> = {
  'SHA-256': { hash: sha256, hashBytes: 32 },
  'SHA-384': { hash: (...parts) => sha384(concatBytes(...parts)), hashBytes: 48 },
  'SHA-512': { hash: (...parts) => sha512(concatBytes(...parts)), hashBytes: 64 },
};

/** Any suite that there are vectors for: to follow a group takes its hash, and a verifier of signatures. */
export function publicSuiteOf(id: CiphersuiteId): PublicSuite {
  const { name, hash } = getCiphersuiteFromId(id);
  return { name, ...(HASHES[hash] as Hash) };
}

/** Suites whose secrets can be computed here: the others need curves that neither Web Crypto nor a dependency has. */
export const SUITES_WITH_SECRETS: ReadonlySet<CiphersuiteId> = new Set<CiphersuiteId>([1, 2, 3, 5, 7]);
