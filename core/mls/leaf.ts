import type { LeafNode } from 'ts-mls';
import { extensionsSupportedByCapabilities } from 'ts-mls/extension.js';
import { encodeLeafNode } from 'ts-mls/leafNode.js';
import { concatBytes, equalBytes } from '../bytes/index.ts';
import { encode, opaqueVector, struct, uint32, type Decoded } from '../codec/index.ts';
import type { VerifyJob } from '../crypto/index.ts';
import { ok, type Result } from '../result.ts';
import { bindingJob, parseCredentialIdentity, type CredentialIdentity } from './credential.ts';
import { MAX_GROUP_INFO_BYTES } from './limits.ts';
import { refuse, type MlsLeafCode, type MlsRefusal } from './refusal.ts';
import { mlsSignatureJob, withoutTrailing } from './signed-bytes.ts';
import { MLS_KEY_BYTES, MLS_SUITE, MLS_SUITE_NAME } from './suite.ts';

/** A LeafNode (RFC 9420 §7.2) that is well formed for this protocol. Its signatures are checked by `leafSignatures`. */
export interface MlsLeaf {
  /** 32 bytes; proven to be this actor's leaf only once the binding was verified. */
  readonly actor: Uint8Array;
  readonly identity: CredentialIdentity;
  readonly signatureKey: Uint8Array;
  readonly encryptionKey: Uint8Array;
  readonly source: 'key-package' | 'update' | 'commit';
  /** The LeafNode as it was received. Two leaves are the same when these are. */
  readonly encoded: Uint8Array;
  readonly signature: Uint8Array;
}

/** A leaf at its place in a tree. */
export interface MlsTreeLeaf extends MlsLeaf {
  readonly leafIndex: number;
}

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

const placeCodec = struct('LeafPlace', { groupId: opaqueVector(MAX_GROUP_INFO_BYTES), leafIndex: uint32 });

/**
 * The leaf's own signature and its actor's binding. A leaf that a member made for itself is signed together with its
 * group and place, so that it can't be moved; one from a KeyPackage is not (RFC 9420 §7.2).
 */
export function leafSignatures(leaf: MlsLeaf, place: Decoded<typeof placeCodec>): readonly VerifyJob[] {
  const { signatureKey: key, signature } = leaf;
  const own = withoutTrailing(leaf.encoded, signature);
  const content = leaf.source === 'key-package' ? own : concatBytes(own, encode(placeCodec, place));
  return [
    mlsSignatureJob({ key, label: 'LeafNodeTBS', content, signature }),
    bindingJob(leaf.identity, MLS_SUITE, key),
  ];
}
