import { decode, encode, opaque, opaqueVector, struct, uint16 } from '../codec/index.ts';
import { SIGNATURE_BYTES, signContent } from '../crypto/index.ts';
import { ACTOR_BYTES } from '../event/index.ts';
import { MLS_KEY_BYTES } from './suite.ts';
const BINDING_LABEL = 'TeraChat MLS Key v1';
const credentialIdentityCodec = struct('CredentialIdentity', {
    actor: opaque(ACTOR_BYTES),
    binding: opaque(SIGNATURE_BYTES),
});
const boundKeyCodec = struct('BoundKey', { suite: uint16, signatureKey: opaqueVector(MLS_KEY_BYTES) });
export function encodeCredentialIdentity(identity) {
    return encode(credentialIdentityCodec, identity);
}
/** Undefined for anything but the 96 bytes of an actor and a binding. Says nothing about the binding's truth. */
export function parseCredentialIdentity(bytes) {
    const identity = decode(credentialIdentityCodec, bytes);
    return identity.ok ? identity.value : undefined;
}
/** What an actor signs with its own key to bind an MLS signature key to itself (`ML3`). */
export function bindingContent(suite, signatureKey) {
    return signContent(BINDING_LABEL, encode(boundKeyCodec, { suite, signatureKey }));
}
/**
 * The job that checks a binding. Without it, whoever hands out KeyPackages could slip in one with a key of its own under
 * a member's name.
 */
export function bindingJob(identity, suite, signatureKey) {
    return { key: identity.actor, message: bindingContent(suite, signatureKey), signature: identity.binding };
}
