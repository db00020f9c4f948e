import { extensionsSupportedByCapabilities } from 'ts-mls/extension.js';
import { encodeLeafNode } from 'ts-mls/leafNode.js';
import { concatBytes, equalBytes } from '../bytes/index.ts';
import { encode, opaqueVector, struct, uint32 } from '../codec/index.ts';
import { ok } from '../result.ts';
import { bindingJob, parseCredentialIdentity } from './credential.ts';
import { MAX_GROUP_INFO_BYTES } from './limits.ts';
import { refuse } from './refusal.ts';
import { mlsSignatureJob, withoutTrailing } from './signed-bytes.ts';
import { MLS_KEY_BYTES, MLS_SUITE, MLS_SUITE_NAME } from './suite.ts';
export function readLeaf(leaf) {
    const { credential, capabilities, signaturePublicKey, hpkePublicKey } = leaf;
    const identity = credential.credentialType === 'basic' ? parseCredentialIdentity(credential.identity) : undefined;
    if (identity === undefined)
        return refuse('credential-unbound');
    if (signaturePublicKey.length !== MLS_KEY_BYTES || hpkePublicKey.length !== MLS_KEY_BYTES)
        return refuse('leaf-keys');
    // A key for two protocols is as strong as the weaker one, and an actor's can't be replaced with its device's state.
    if (equalBytes(signaturePublicKey, identity.actor))
        return refuse('leaf-keys');
    const isCapable = capabilities.versions.includes('mls10') &&
        capabilities.ciphersuites.includes(MLS_SUITE_NAME) &&
        capabilities.credentials.includes('basic') &&
        extensionsSupportedByCapabilities(leaf.extensions, capabilities);
    if (!isCapable)
        return refuse('leaf-capabilities');
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
export function leafSignatures(leaf, place) {
    const { signatureKey: key, signature } = leaf;
    const own = withoutTrailing(leaf.encoded, signature);
    const content = leaf.source === 'key-package' ? own : concatBytes(own, encode(placeCodec, place));
    return [
        mlsSignatureJob({ key, label: 'LeafNodeTBS', content, signature }),
        bindingJob(leaf.identity, MLS_SUITE, key),
    ];
}
