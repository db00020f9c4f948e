import { decode, encode, opaque, opaqueVector, struct, uint16, type Decoded } from '../codec/index.ts';
import { SIGNATURE_BYTES, signContent, type VerifyJob } from '../crypto/index.ts';
import { ACTOR_BYTES } from '../event/index.ts';
import { MAX_SIGNATURE_KEY_BYTES } from './suite.ts';

const BINDING_LABEL = 'TeraChat MLS Key v1';

const credentialIdentityCodec = struct('CredentialIdentity', {
  actor: opaque(ACTOR_BYTES),
  binding: opaque(SIGNATURE_BYTES),
});

const boundKeyCodec = struct('BoundKey', { suite: uint16, signatureKey: opaqueVector(MAX_SIGNATURE_KEY_BYTES) });

/** The `identity` of a BasicCredential: whose leaf it is, and that actor's word for the leaf's signature key (`ML2`). */
export type CredentialIdentity = Decoded<typeof credentialIdentityCodec>;

export function encodeCredentialIdentity(identity: CredentialIdentity): Uint8Array {
  return encode(credentialIdentityCodec, identity);
}

/** Undefined for anything but the 96 bytes of an actor and a binding. Says nothing about the binding's truth. */
export function parseCredentialIdentity(bytes: Uint8Array): CredentialIdentity | undefined {
  const identity = decode(credentialIdentityCodec, bytes);
  return identity.ok ? identity.value : undefined;
}

/** What an actor signs with its own key to bind an MLS signature key to itself (`ML3`). */
export function bindingContent(suite: number, signatureKey: Uint8Array): Uint8Array {
  return signContent(BINDING_LABEL, encode(boundKeyCodec, { suite, signatureKey }));
}

/**
 * The job that checks a binding. Without it, whoever hands out KeyPackages could slip in one with a key of its own under
 * a member's name.
 */
export function bindingJob(identity: CredentialIdentity, suite: number, signatureKey: Uint8Array): VerifyJob {
  return { key: identity.actor, message: bindingContent(suite, signatureKey), signature: identity.binding };
}
