import type { LeafNode } from 'ts-mls';
import { extensionsSupportedByCapabilities } from 'ts-mls/extension.js';
import { encodeLeafNode } from 'ts-mls/leafNode.js';
import { equalBytes } from '../bytes/index.ts';
import { ACTOR_BYTES } from '../event/index.ts';
import { ok, type Result } from '../result.ts';
import { parseCredentialIdentity, type CredentialIdentity } from './credential.ts';
import type { MlsLeaf } from './leaf.ts';
import { refuse, type MlsLeafCode, type MlsRefusal } from './refusal.ts';
import type { GroupTerms } from './suite.ts';

/** What a leaf must be for this protocol (`ML2`, `ML7`, `ML12`, `ML13`), whoever sends it. */
export function readLeaf(leaf: LeafNode, terms: GroupTerms): Result<MlsLeaf, MlsRefusal<MlsLeafCode>> {
  const { suite } = terms;
  const { capabilities, signaturePublicKey, hpkePublicKey } = leaf;
  const owner = ownerOf(leaf, terms);
  if (owner === undefined) return refuse('credential-unbound');
  if (signaturePublicKey.length !== suite.signatureKeyBytes) return refuse('leaf-keys');
  if (hpkePublicKey.length !== suite.hpkeKeyBytes) return refuse('leaf-keys');
  const { actor, identity } = owner;
  // A key for two protocols is as strong as the weaker one, and an actor's can't be replaced with its device's state.
  if (identity !== undefined && equalBytes(signaturePublicKey, actor)) return refuse('leaf-keys');
  const isCapable =
    capabilities.versions.includes('mls10') &&
    (capabilities.ciphersuites as readonly string[]).includes(suite.name) &&
    capabilities.credentials.includes(leaf.credential.credentialType) &&
    extensionsSupportedByCapabilities(leaf.extensions, capabilities);
  if (!isCapable) return refuse('leaf-capabilities');
  return ok({
    actor,
    identity,
    suite: suite.id,
    signatureKey: signaturePublicKey,
    encryptionKey: hpkePublicKey,
    source: leaf.leafNodeSource === 'key_package' ? 'key-package' : leaf.leafNodeSource,
    encoded: encodeLeafNode(leaf),
    signature: leaf.signature,
  });
}

interface LeafOwner {
  readonly actor: Uint8Array;
  readonly identity: CredentialIdentity | undefined;
}

/** Where credentials say nothing, the leaf is its actor's by being signed with the actor's own key. */
export function ownerOf(
  { credential, signaturePublicKey }: LeafNode,
  { credentials }: GroupTerms,
): LeafOwner | undefined {
  if (credentials === 'unbound') {
    return signaturePublicKey.length === ACTOR_BYTES ? { actor: signaturePublicKey, identity: undefined } : undefined;
  }
  const identity = credential.credentialType === 'basic' ? parseCredentialIdentity(credential.identity) : undefined;
  return identity && { actor: identity.actor, identity };
}
