import { chainOrigin, formatCheckpoint, rootOf, signNote, verifierKeyOf, type NoteSigner } from '../core/index.ts';
import type { ChainHead } from './ports.ts';

/** What signs a relay's checkpoints. `sign` returns the 64 bytes of Ed25519 over the message. */
export interface CheckpointKey {
  readonly relayName: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** The signer of one chain's log: every chain is a log of its own, named by its origin (`CH6`). */
export function chainSigner(key: CheckpointKey, chain: Uint8Array): NoteSigner {
  const name = chainOrigin(key.relayName, chain);
  return { key: verifierKeyOf(name, 'ed25519', key.publicKey), sign: (message) => key.sign(message) };
}

/** A signed checkpoint of a head. Only ever made of what is stored: a checkpoint can't be taken back. */
export function signCheckpoint(head: Pick<ChainHead, 'size' | 'range'>, signer: NoteSigner): string {
  const checkpoint = { origin: signer.key.name, size: head.size, root: rootOf(head.range), extensions: [] };
  return signNote(formatCheckpoint(checkpoint), signer);
}
