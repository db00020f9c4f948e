import {
  decode,
  encode,
  ok,
  opaque,
  P256_KEY_BYTES,
  p256PublicKeyOf,
  p256SecretOf,
  parseActorKey,
  publicKeyOf,
  SEED_BYTES,
  struct,
  version,
  type ActorKey,
  type Result,
} from '../../core/index.ts';
import {
  bindingContent,
  DEFAULT_SUITE,
  encodeCredentialIdentity,
  parseCredentialIdentity,
  type MlsSuite,
} from '../../core/mls/index.ts';
import { refuse, type EngineRefusal } from './refusal.ts';

/** An actor's key, wherever it is kept. `sign` gives the 64-byte Ed25519 signature of the message. */
export interface ActorSigner {
  readonly actor: ActorKey;
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** What an actor is inside MLS: a signature key of its own, bound to the actor's key. Holds a secret. */
export interface MlsIdentity {
  readonly actor: ActorKey;
  /** Which groups it is for: a binding is for one suite. */
  readonly suite: MlsSuite;
  /** Public key of the suite's signatures, never the actor's own (`ML12`). */
  readonly signatureKey: Uint8Array;
  /** The secret behind `signatureKey`, 32 bytes. */
  readonly signatureSeed: Uint8Array;
  /** Identity of the BasicCredential: actor and binding, 96 bytes. */
  readonly credentialIdentity: Uint8Array;
}

const CREDENTIAL_IDENTITY_BYTES = 96;

/** Draws a signature key and has the actor's key sign for it. The actor's key is not needed again after this. */
export async function createMlsIdentity(signer: ActorSigner, suite = DEFAULT_SUITE): Promise<MlsIdentity> {
  const { actor } = signer;
  const signatureSeed = drawSecret(suite);
  const signatureKey = signatureKeyOf(signatureSeed, suite);
  const binding = await signer.sign(bindingContent(suite.id, signatureKey));
  return {
    actor,
    suite,
    signatureKey,
    signatureSeed,
    credentialIdentity: encodeCredentialIdentity({ actor, binding }),
  };
}

/** From more bytes than a scalar of P-256 has, so that the reduction favours none. */
const P256_RANDOM_BYTES = 48;

function drawSecret(suite: MlsSuite): Uint8Array {
  if (!isP256(suite)) return crypto.getRandomValues(new Uint8Array(SEED_BYTES));
  return p256SecretOf(crypto.getRandomValues(new Uint8Array(P256_RANDOM_BYTES)));
}

function signatureKeyOf(secret: Uint8Array, suite: MlsSuite): Uint8Array {
  return isP256(suite) ? p256PublicKeyOf(secret) : publicKeyOf(secret);
}

function isP256({ signatureKeyBytes }: MlsSuite): boolean {
  return signatureKeyBytes === P256_KEY_BYTES;
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

/** Of the suite that it was drawn for. */
export function parseMlsIdentity(bytes: Uint8Array, suite = DEFAULT_SUITE): Result<MlsIdentity, EngineRefusal> {
  const record = decode(identityCodec, bytes);
  if (!record.ok) return refuse('state-malformed');
  const signatureSeed = record.value.signatureSeed.slice();
  const credentialIdentity = record.value.credentialIdentity.slice();
  const actor = parseActorKey(parseCredentialIdentity(credentialIdentity)?.actor ?? new Uint8Array());
  if (actor === undefined) return refuse('state-malformed');
  const signatureKey = signatureKeyOf(signatureSeed, suite);
  return ok({ actor, suite, signatureKey, signatureSeed, credentialIdentity });
}
