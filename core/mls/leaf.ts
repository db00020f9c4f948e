import { concatBytes } from '../bytes/index.ts';
import { encode, opaqueVector, struct, uint32, type Decoded } from '../codec/index.ts';
import type { VerifyJob } from '../crypto/index.ts';
import { bindingJob, type CredentialIdentity } from './credential.ts';
import { MAX_GROUP_INFO_BYTES } from './limits.ts';
import { mlsSignatureJob, withoutTrailing } from './signed-bytes.ts';

/** A LeafNode (RFC 9420 §7.2) that is well formed for this protocol, see `readLeaf`. Its signatures are checked by `leafSignatures`. */
export interface MlsLeaf {
  /** 32 bytes; proven to be this actor's leaf only once the binding was verified, or without one the leaf's signature. */
  readonly actor: Uint8Array;
  /** Undefined where credentials are unbound. */
  readonly identity: CredentialIdentity | undefined;
  readonly suite: number;
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

const placeCodec = struct('LeafPlace', { groupId: opaqueVector(MAX_GROUP_INFO_BYTES), leafIndex: uint32 });

/** A LeafNode as far as its own signature goes. */
interface SignedLeaf {
  readonly encoded: Uint8Array;
  readonly signatureKey: Uint8Array;
  readonly signature: Uint8Array;
  readonly isFromKeyPackage: boolean;
}

/**
 * The leaf's own signature. A leaf that a member made for itself is signed together with its group and place, so that it
 * can't be moved; one from a KeyPackage is not (RFC 9420 §7.2).
 */
export function leafSignature(leaf: SignedLeaf, place: Decoded<typeof placeCodec>): VerifyJob {
  const { signatureKey: key, signature } = leaf;
  const own = withoutTrailing(leaf.encoded, signature);
  const content = leaf.isFromKeyPackage ? own : concatBytes(own, encode(placeCodec, place));
  return mlsSignatureJob({ key, label: 'LeafNodeTBS', content, signature });
}

/** The leaf's own signature and its actor's binding, where it has one. */
export function leafSignatures(leaf: MlsLeaf, place: Decoded<typeof placeCodec>): readonly VerifyJob[] {
  return [
    leafSignature({ ...leaf, isFromKeyPackage: leaf.source === 'key-package' }, place),
    ...(leaf.identity === undefined ? [] : [bindingJob(leaf.identity, leaf.suite, leaf.signatureKey)]),
  ];
}
