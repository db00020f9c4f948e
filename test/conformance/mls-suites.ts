import { sha384, sha512 } from '@noble/hashes/sha2.js';
import type { CiphersuiteImpl } from 'ts-mls';
import { getCiphersuiteFromId, type CiphersuiteId } from 'ts-mls/crypto/ciphersuite.js';
import { getCiphersuiteImpl } from 'ts-mls/crypto/getCiphersuiteImpl.js';
import { concatBytes, sha256 } from '../../core/index.ts';
import { findSuite, type PublicSuite } from '../../core/mls/index.ts';
import { loadSuite } from '../../sdk/mls/suite.ts';

type Hash = Pick<PublicSuite, 'hash' | 'hashBytes'>;

const HASHES: Readonly<Record<string, Hash>> = {
  'SHA-256': { hash: sha256, hashBytes: 32 },
  'SHA-384': { hash: (...parts) => sha384(concatBytes(...parts)), hashBytes: 48 },
  'SHA-512': { hash: (...parts) => sha512(concatBytes(...parts)), hashBytes: 64 },
};

/** What members compute with: the SDK's own where groups may have the suite, else the library's. */
export function memberSuiteOf(id: CiphersuiteId): Promise<CiphersuiteImpl> {
  const known = findSuite(id);
  return known === undefined ? getCiphersuiteImpl(getCiphersuiteFromId(id)) : loadSuite(known.name);
}

/** Any suite that there are vectors for: to follow a group takes its hash, and a verifier of signatures. */
export function publicSuiteOf(id: CiphersuiteId): PublicSuite {
  const known = findSuite(id);
  if (known !== undefined) return known;
  const { name, hash } = getCiphersuiteFromId(id);
  return { name, ...(HASHES[hash] as Hash) };
}

/** Those that groups may have, and others whose secrets can be computed here: what is left out needs curves that neither Web Crypto nor a dependency has. */
export const SUITES_WITH_SECRETS: ReadonlySet<CiphersuiteId> = new Set<CiphersuiteId>([1, 2, 3, 5, 7]);
