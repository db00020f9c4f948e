import { concatBytes, equalBytes, fromBase64, toBase64, toHex, utf8ToBytes } from '../bytes/index.ts';
import { sha256 } from '../crypto/index.ts';
import { err, ok, type Result } from '../result.ts';
import { isKeyName } from './key-name.ts';

/**
 * The signature types that are understood, with the byte that names each in a key (C2SP signed-note, "Signature types"):
 * plain Ed25519, and the timestamped cosignature of a checkpoint.
 */
export const NOTE_ALGORITHMS = { ed25519: 0x01, 'cosignature-v1': 0x04 } as const satisfies Record<string, number>;
/** What a verifier key verifies: a plain Ed25519 signature, or a witness's cosignature. */
export type NoteAlgorithm = keyof typeof NOTE_ALGORITHMS;

const PUBLIC_KEY_BYTES = 32;
const KEY_ID_BYTES = 4;

/** A key that verifies notes. Name and id together tell which of a note's signatures are its own. */
export interface VerifierKey {
  readonly name: string;
  readonly algorithm: NoteAlgorithm;
  /** 32 bytes. Whether they are an admissible key is for the verifier to say, not for the format. */
  readonly publicKey: Uint8Array;
  /** The four bytes of the key id. */
  readonly keyId: Uint8Array;
}

/** Why a text is no verifier key (`TR4`). */
export type VkeyRefusal =
  | { readonly code: 'vkey-malformed' }
  | { readonly code: 'vkey-algorithm-unknown'; readonly algorithm: number }
  | { readonly code: 'vkey-id-mismatch' };

/** `name` must be a key name and `publicKey` 32 bytes: both are the program's own, so anything else throws. */
export function verifierKeyOf(name: string, algorithm: NoteAlgorithm, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new RangeError('no key name');
  if (publicKey.length !== PUBLIC_KEY_BYTES) throw new RangeError('an Ed25519 key has 32 bytes');
  return { name, algorithm, publicKey, keyId: keyIdOf(name, algorithm, publicKey) };
}

/** `TR4`: the first four bytes of SHA-256(name || newline || algorithm || public key). A label, not a commitment. */
function keyIdOf(name: string, algorithm: NoteAlgorithm, publicKey: Uint8Array): Uint8Array {
  return sha256(utf8ToBytes(`${name}\n`), keyMaterial(algorithm, publicKey)).slice(0, KEY_ID_BYTES);
}

function keyMaterial(algorithm: NoteAlgorithm, publicKey: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(NOTE_ALGORITHMS[algorithm]), publicKey);
}

/** `<name>+<key id in hex>+<base64 of algorithm and key>`: the text in which verifier keys are handed around. */
export function formatVkey(key: VerifierKey): string {
  return `${key.name}+${toHex(key.keyId)}+${toBase64(keyMaterial(key.algorithm, key.publicKey))}`;
}

/** Parses a vkey (`TR4`). Refuses a second spelling, an unknown algorithm, and a key id that is not the key's own. */
export function parseVkey(text: string): Result<VerifierKey, VkeyRefusal> {
  const match = /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  const [, name = '', keyId = '', encoded = ''] = match ?? [];
  const material = fromBase64(encoded);
  if (!isKeyName(name) || material === undefined || material.length === 0) return err({ code: 'vkey-malformed' });
  const algorithm = algorithmOf(material[0] as number);
  if (algorithm === undefined) return err({ code: 'vkey-algorithm-unknown', algorithm: material[0] as number });
  if (material.length !== 1 + PUBLIC_KEY_BYTES) return err({ code: 'vkey-malformed' });
  const key = verifierKeyOf(name, algorithm, material.slice(1));
  return toHex(key.keyId) === keyId ? ok(key) : err({ code: 'vkey-id-mismatch' });
}

function algorithmOf(byte: number): NoteAlgorithm | undefined {
  const names = Object.keys(NOTE_ALGORITHMS) as NoteAlgorithm[];
  return names.find((name) => NOTE_ALGORITHMS[name] === byte);
}

/** Whether a signature line is this key's. Sharing only the name or only the id makes it somebody else's. */
export function isLineOf(line: { readonly name: string; readonly keyId: Uint8Array }, key: VerifierKey): boolean {
  return line.name === key.name && equalBytes(line.keyId, key.keyId);
}
