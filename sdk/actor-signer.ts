import { parseActorKey, publicKeyOf, signEd25519, type ActorKey } from '../core/index.ts';

/** An actor's private key behind a port. */
export interface ActorSigner {
  readonly actor: ActorKey;
  /** The 64 bytes of Ed25519 (RFC 8032) over the message. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A signer that needs nothing of its platform. `seed` is the 32-byte private key. */
export function actorSigner(seed: Uint8Array): ActorSigner {
  return { actor: actorOfSeed(seed), sign: (message) => signEd25519(seed, message) };
}

export function actorOfSeed(seed: Uint8Array): ActorKey {
  return actorOfSeedsKey(publicKeyOf(seed));
}

/** For platforms that multiply faster. Every seed gives an admissible key, so the parser never refuses one. */
export function actorOfSeedsKey(publicKey: Uint8Array): ActorKey {
  const actor = parseActorKey(publicKey);
  if (actor === undefined) throw new Error('a seed gave an inadmissible key');
  return actor;
}
