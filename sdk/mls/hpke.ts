import { loadDefaultSuite } from './suite.ts';

/** What HPKE makes of a plaintext (RFC 9180): the encapsulated key and the ciphertext. */
export interface HpkeSealed {
  readonly encapsulated: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** Base mode of the MLS suite's HPKE (X25519, HKDF-SHA256, AES-128-GCM) to a raw public key. */
export async function hpkeSeal(publicKey: Uint8Array, plaintext: Uint8Array, info: Uint8Array): Promise<HpkeSealed> {
  const { hpke } = await loadDefaultSuite();
  const { enc, ct } = await hpke.seal(await hpke.importPublicKey(publicKey), plaintext, info);
  return { encapsulated: enc, ciphertext: ct };
}

/** Undefined for what was not sealed to this key under this info. */
export async function hpkeOpen(
  secretKey: Uint8Array,
  { encapsulated, ciphertext }: HpkeSealed,
  info: Uint8Array,
): Promise<Uint8Array | undefined> {
  const { hpke } = await loadDefaultSuite();
  const key = await hpke.importPrivateKey(secretKey);
  try {
    return await hpke.open(key, encapsulated, ciphertext, info);
  } catch {
    // Bytes from anybody: that they don't open is a verdict, not a fault.
    return undefined;
  }
}
