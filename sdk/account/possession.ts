import { possessionContent, type KeyPurpose } from '../../core/index.ts';
import type { ActorSigner } from '../actor-signer.ts';

/** A key's word that it wants to be in an account, by the event with this id (`ID2`): 64 bytes. */
export async function provePossession(
  signer: ActorSigner,
  purpose: KeyPurpose,
  { chain, eventId }: { readonly chain: Uint8Array; readonly eventId: Uint8Array },
): Promise<Uint8Array> {
  return signer.sign(possessionContent(purpose, { chain, eventId, key: signer.actor }));
}
