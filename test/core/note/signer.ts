import { createSignatureChecker, publicKeyOf, satisfiesEquation, signEd25519 } from '../../../core/crypto/index.ts';
import { verifierKeyOf, type NoteAlgorithm, type NoteSigner } from '../../../core/note/index.ts';

export const { check: verify } = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });

export function signerOf(name: string, algorithm: NoteAlgorithm, seedByte: number): NoteSigner {
  const seed = new Uint8Array(32).fill(seedByte);
  return { key: verifierKeyOf(name, algorithm, publicKeyOf(seed)), sign: (message) => signEd25519(seed, message) };
}
