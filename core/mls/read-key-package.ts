import type { KeyPackage } from 'ts-mls';
import { encodeKeyPackage } from 'ts-mls/keyPackage.js';
import { equalBytes } from '../bytes/index.ts';
import { ok, type Result } from '../result.ts';
import { LAST_RESORT_EXTENSION, type MlsKeyPackage } from './key-package.ts';
import { MAX_KEY_PACKAGE_LIFETIME_MS } from './limits.ts';
import { readLeaf } from './read-leaf.ts';
import { refuse, type MlsLeafCode, type MlsMessageCode, type MlsRefusal } from './refusal.ts';
import { mlsSignatureJob, refHash, withoutTrailing } from './signed-bytes.ts';
import { findSuiteByName, type CredentialMode } from './suite.ts';

type KeyPackageRefusal = MlsRefusal<MlsMessageCode | MlsLeafCode>;

/** Every check of RFC 9420 §10.1 that needs no clock, and the bound on the lifetime. */
export function readKeyPackage(
  keyPackage: KeyPackage,
  credentials: CredentialMode,
): Result<MlsKeyPackage, KeyPackageRefusal> {
  const suite = findSuiteByName(keyPackage.cipherSuite);
  if (suite === undefined) return refuse('mls-suite');
  const leaf = readLeaf(keyPackage.leafNode, { suite, credentials });
  if (!leaf.ok) return leaf;
  const { initKey, signature, extensions } = keyPackage;
  if (initKey.length !== suite.hpkeKeyBytes || equalBytes(initKey, leaf.value.encryptionKey))
    return refuse('leaf-keys');
  const lifetime = readLifetime(keyPackage);
  if (lifetime === undefined) return refuse('key-package-lifetime');
  const encoded = encodeKeyPackage(keyPackage);
  const content = withoutTrailing(encoded, signature);
  return ok({
    ref: refHash('KeyPackage', encoded),
    actor: leaf.value.actor,
    suite: suite.id,
    leaf: leaf.value,
    ...lifetime,
    lastResort: extensions.some(({ extensionType }) => extensionType === LAST_RESORT_EXTENSION),
    signature: mlsSignatureJob({ key: leaf.value.signatureKey, label: 'KeyPackageTBS', content, signature }),
  });
}

/**
 * Undefined where the lifetime is empty or longer than the limit: an unbounded KeyPackage could be used years after its
 * owner forgot the key.
 */
function readLifetime({ leafNode }: KeyPackage): { notBeforeMs: number; notAfterMs: number } | undefined {
  const { notBefore, notAfter } = leafNode.lifetime;
  const lifetimeMs = (notAfter - notBefore) * 1000n;
  if (lifetimeMs <= 0n || lifetimeMs > BigInt(MAX_KEY_PACKAGE_LIFETIME_MS)) return undefined;
  if (notAfter * 1000n > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { notBeforeMs: Number(notBefore) * 1000, notAfterMs: Number(notAfter) * 1000 };
}
