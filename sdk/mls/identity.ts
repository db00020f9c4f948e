import {
  decode,
  encode,
  ok,
  opaque,
  parseActorKey,
  publicKeyOf,
  struct,
  version,
  type ActorKey,
  type Result,
} from '../../core/index.ts';
import { bindingContent, encodeCredentialIdentity, MLS_SUITE, parseCredentialIdentity } from '../../core/mls/index.ts';
import { refuse, type EngineRefusal } from './refusal.ts';

/** An actor's key, wherever it is kept. `sign` gives the 64-byte Ed25519 signature of the message. */
export interface ActorSigner {
  readonly actor: ActorKey;
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** What an actor is inside MLS: a signature key of its own, bound to the actor's key. Holds a secret. */
export interface MlsIdentity {
  readonly actor: ActorKey;
  /** Ed25519 public key, 32 bytes, never the actor's own (`ML12`). */
  readonly signatureKey: Uint8Array;
  /** The secret behind `signatureKey`, 32 bytes. */
  readonly signatureSeed: Uint8Array;
  /** Identity of the BasicCredential: actor and binding, 96 bytes. */
  readonly credentialIdentity: Uint8Array;
}

const SEED_BYTES = 32;
const CREDENTIAL_IDENTITY_BYTES = 96;

/** Draws a signature key and has the actor's key sign for it. The actor's key is not needed again after this. */
export async function createMlsIdentity(signer: ActorSigner): Promise<MlsIdentity> {
  const { actor } = signer;
  const signatureSeed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
  const signatureKey = publicKeyOf(signatureSeed);
  const binding = await signer.sign(bindingContent(MLS_SUITE, signatureKey));
  return { actor, signatureKey, signatureSeed, credentialIdentity: encodeCredentialIdentity({ actor, binding }) };
}

const identityCodec = struct('MlsIdentityRecord', {
  version: version(1),
  signatureSeed: opaque(SEED_BYTES),
  credentialIdentity: opaque(CREDENTIAL_IDENTITY_BYTES),
});

/** The identity with its secret, for storage. */
export function serialiseMlsIdentity({ signatureSeed, credentialIdentity }: MlsIdentity): Uint8Array {
  return encode(identityCodec, { version: 1, signatureSeed, credentialIdentity });
}

export function parseMlsIdentity(bytes: Uint8Array): Result<MlsIdentity, EngineRefusal> {
  const record = decode(identityCodec, bytes);
  if (!record.ok) return refuse('state-malformed');
  const signatureSeed = record.value.signatureSeed.slice();
  const credentialIdentity = record.value.credentialIdentity.slice();
  const actor = parseActorKey(parseCredentialIdentity(credentialIdentity)?.actor ?? new Uint8Array());
  if (actor === undefined) return refuse('state-malformed');
  return ok({ actor, signatureKey: publicKeyOf(signatureSeed), signatureSeed, credentialIdentity });
}
