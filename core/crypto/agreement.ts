import { ed25519 } from '@noble/curves/ed25519.js';
import type { ActorKey } from './admission.ts';

/**
 * The X25519 key of an actor: the same point on the other form of the curve (RFC 7748 §4.1). Whoever knows an actor can
 * seal to it, and nobody who stands between can name another key.
 */
export function agreementKeyOf(actor: ActorKey): Uint8Array {
  return ed25519.utils.toMontgomery(actor);
}

/** The X25519 secret that belongs to it. `seed` is the actor's 32-byte private key. */
export function agreementSecretOf(seed: Uint8Array): Uint8Array {
  return ed25519.utils.toMontgomerySecret(seed);
}
