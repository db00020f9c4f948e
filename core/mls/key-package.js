import { encodeKeyPackage } from 'ts-mls/keyPackage.js';
import { equalBytes } from '../bytes/index.ts';
import { ok } from '../result.ts';
import { leafSignatures, readLeaf } from './leaf.ts';
import { MAX_KEY_PACKAGE_BYTES, MAX_KEY_PACKAGE_LIFETIME_MS } from './limits.ts';
import { openMlsMessage } from './message.ts';
import { refuse } from './refusal.ts';
import { mlsSignatureJob, refHash, withoutTrailing } from './signed-bytes.ts';
import { MLS_KEY_BYTES, MLS_SUITE, MLS_SUITE_NAME } from './suite.ts';
/** The `last_resort` extension (draft-ietf-mls-extensions): a KeyPackage that is handed out again when none is left. */
export const LAST_RESORT_EXTENSION = 0x000a;
/** Parses an MLSMessage that holds a KeyPackage, as it is published or claimed, and refuses one that is not in force. */
export function parseKeyPackage(bytes, options) {
    const message = openMlsMessage(bytes, 'mls_key_package', MAX_KEY_PACKAGE_BYTES);
    if (!message.ok)
        return message;
    const keyPackage = readKeyPackage(message.value.keyPackage);
    if (!keyPackage.ok)
        return keyPackage;
    return isInForce(keyPackage.value, options.nowMs) ? keyPackage : refuse('key-package-expired');
}
/** Whether a KeyPackage may be handed out or added at this time. */
export function isInForce(keyPackage, nowMs) {
    return keyPackage.notBeforeMs <= nowMs && nowMs < keyPackage.notAfterMs;
}
/** Every check of RFC 9420 §10.1 that needs no clock, and the bound on the lifetime. */
export function readKeyPackage(keyPackage) {
    if (keyPackage.cipherSuite !== MLS_SUITE_NAME)
        return refuse('mls-suite');
    const leaf = readLeaf(keyPackage.leafNode);
    if (!leaf.ok)
        return leaf;
    const { initKey, signature, extensions } = keyPackage;
    if (initKey.length !== MLS_KEY_BYTES || equalBytes(initKey, leaf.value.encryptionKey))
        return refuse('leaf-keys');
    const lifetime = readLifetime(keyPackage);
    if (lifetime === undefined)
        return refuse('key-package-lifetime');
    const encoded = encodeKeyPackage(keyPackage);
    const content = withoutTrailing(encoded, signature);
    return ok({
        ref: refHash('KeyPackage', encoded),
        actor: leaf.value.actor,
        suite: MLS_SUITE,
        leaf: leaf.value,
        ...lifetime,
        lastResort: extensions.some(({ extensionType }) => extensionType === LAST_RESORT_EXTENSION),
        signature: mlsSignatureJob({ key: leaf.value.signatureKey, label: 'KeyPackageTBS', content, signature }),
    });
}
/** A leaf from a KeyPackage is signed for no group in particular. */
const NO_PLACE = { groupId: new Uint8Array(), leafIndex: 0 };
/** Every signature that makes a KeyPackage genuine: the leaf's, the actor's binding, the KeyPackage's (`ML10`). */
export function keyPackageSignatures({ leaf, signature }) {
    return [...leafSignatures(leaf, NO_PLACE), signature];
}
/**
 * Undefined where the lifetime is empty or longer than the limit: an unbounded KeyPackage could be used years after its
 * owner forgot the key.
 */
function readLifetime({ leafNode }) {
    const { notBefore, notAfter } = leafNode.lifetime;
    const lifetimeMs = (notAfter - notBefore) * 1000n;
    if (lifetimeMs <= 0n || lifetimeMs > BigInt(MAX_KEY_PACKAGE_LIFETIME_MS))
        return undefined;
    if (notAfter * 1000n > BigInt(Number.MAX_SAFE_INTEGER))
        return undefined;
    return { notBeforeMs: Number(notBefore) * 1000, notAfterMs: Number(notAfter) * 1000 };
}
