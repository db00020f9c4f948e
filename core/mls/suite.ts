import { P256_KEY_BYTES, sha256 } from '../crypto/index.ts';

export type SuiteHash = (...parts: readonly Uint8Array[]) => Uint8Array;

/**
 * What a cipher suite is to someone without secrets. Its signatures are not in here: they come back as jobs, for a verifier
 * of the caller's, and a key's length says which scheme it is of.
 */
export interface PublicSuite {
  /** How ts-mls calls it. */
  readonly name: string;
  /** Over the parts as if they were one string. */
  readonly hash: SuiteHash;
  /** Of a hash, and of every secret (KDF.Nh). */
  readonly hashBytes: number;
}

/** A cipher suite that groups may have (`ML1`). */
export interface MlsSuite extends PublicSuite {
  /** On the wire. */
  readonly id: number;
  /** HPKE and signature public keys. */
  readonly hpkeKeyBytes: number;
  readonly signatureKeyBytes: number;
}

const HASH = { hash: sha256, hashBytes: 32 } as const;
const KEY_BYTES = 32;
/** ML-KEM-768 and X25519, one after the other. */
const XWING_KEY_BYTES = 1_184 + 32;
const XWING_ID = 0xf0a2;

/** X-Wing, AES-256-GCM, HKDF-SHA256, Ed25519: an experiment under a private-use number, which the library calls by its digits. */
export const XWING_SUITE: MlsSuite = {
  id: XWING_ID,
  name: String(XWING_ID),
  hpkeKeyBytes: XWING_KEY_BYTES,
  signatureKeyBytes: KEY_BYTES,
  ...HASH,
};

/** All hash with SHA-256, as names in events have 32 bytes. */
export const mlsSuites: readonly MlsSuite[] = [
  {
    id: 1,
    name: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
    hpkeKeyBytes: KEY_BYTES,
    signatureKeyBytes: KEY_BYTES,
    ...HASH,
  },
  {
    id: 2,
    name: 'MLS_128_DHKEMP256_AES128GCM_SHA256_P256',
    hpkeKeyBytes: P256_KEY_BYTES,
    signatureKeyBytes: P256_KEY_BYTES,
    ...HASH,
  },
  {
    id: 3,
    name: 'MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519',
    hpkeKeyBytes: KEY_BYTES,
    signatureKeyBytes: KEY_BYTES,
    ...HASH,
  },
  XWING_SUITE,
];

/** The suite of groups whose founder names none. */
export const DEFAULT_SUITE = mlsSuites[0] as MlsSuite;

export function findSuite(id: number): MlsSuite | undefined {
  return mlsSuites.find((suite) => suite.id === id);
}

/** By the library's name. */
export function findSuiteByName(name: string): MlsSuite | undefined {
  return mlsSuites.find((suite) => suite.name === name);
}

/** The longest public key of any suite's signatures. */
export const MAX_SIGNATURE_KEY_BYTES = P256_KEY_BYTES;

/** What all leaves of a group have in common, for as long as it lasts. */
export interface GroupTerms {
  readonly suite: MlsSuite;
  /** How a leaf says whose it is (`ML2`, `ML7`). */
  readonly credentials: CredentialMode;
}

export type CredentialMode = 'bound' | 'unbound';

export const DEFAULT_TERMS: GroupTerms = { suite: DEFAULT_SUITE, credentials: 'bound' };
