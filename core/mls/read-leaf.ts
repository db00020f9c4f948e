import type { LeafNode } from 'ts-mls';
import { extensionsSupportedByCapabilities } from 'ts-mls/extension.js';
import { encodeLeafNode } from 'ts-mls/leafNode.js';
import { equalBytes } from '../bytes/index.ts';
import { ok, type Result } from '../result.ts';
import { parseCredentialIdentity } from './credential.ts';
import type { MlsLeaf } from './leaf.ts';
import { refuse, type MlsLeafCode, type MlsRefusal } from './refusal.ts';
import { MLS_KEY_BYTES, MLS_SUITE_NAME } from './suite.ts';

/** What a leaf must be for this protocol (`ML2`, `ML12`, `ML13`), whoever sends it. */
export function readLeaf(leaf: LeafNode): Result<MlsLeaf, MlsRefusal<MlsLeafCode>> {
  const { credential, capabilities, signaturePublicKey, hpkePublicKey } = leaf;
  const identity = credential.credentialType === 'basic' ? parseCredentialIdentity(credential.identity) : undefined;
  if (identity === undefined) return refuse('credential-unbound');
  if (signaturePublicKey.length !== MLS_KEY_BYTES || hpkePublicKey.length !== MLS_KEY_BYTES) return refuse('leaf-keys');
  // A key for two protocols is as strong as the weaker one, and an actor's can't be replaced with its device's state.
  if (equalBytes(signaturePublicKey, identity.actor)) return refuse('leaf-keys');
  const isCapable =
    capabilities.versions.includes('mls10') &&
    capabilities.ciphersuites.includes(MLS_SUITE_NAME) &&
    capabilities.credentials.includes('basic') &&
    extensionsSupportedByCapabilities(leaf.extensions, capabilities);
  if (!isCapable) return refuse('leaf-capabilities');
  return ok({
    actor: identity.actor,
    identity,
    signatureKey: signaturePublicKey,
    encryptionKey: hpkePublicKey,
    source: leaf.leafNodeSource === 'key_package' ? 'key-package' : leaf.leafNodeSource,
    encoded: encodeLeafNode(leaf),
    signature: leaf.signature,
  });
}
