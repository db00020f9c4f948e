import type { CiphersuiteName } from 'ts-mls';
import { sha256 } from '../../crypto/index.ts';
import { MLS_SUITE_NAME } from '../suite.ts';

/**
 * What a cipher suite is to someone without secrets. Its signatures are not in here: they come back as jobs, for a verifier
 * of the caller's.
 */
export interface PublicSuite {
  readonly name: CiphersuiteName;
  /** Over the parts as if they were one string. */
  readonly hash: SuiteHash;
  /** Of a hash, and of every secret (KDF.Nh). */
  readonly hashBytes: number;
}

export type SuiteHash = (...parts: readonly Uint8Array[]) => Uint8Array;

export const DEFAULT_SUITE: PublicSuite = { name: MLS_SUITE_NAME, hash: sha256, hashBytes: 32 };
