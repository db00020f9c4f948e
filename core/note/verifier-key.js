import { concatBytes, equalBytes, fromBase64, toBase64, toHex, utf8ToBytes } from '../bytes/index.ts';
import { sha256 } from '../crypto/index.ts';
import { err, ok } from '../result.ts';
import { isKeyName } from './key-name.ts';
/**
 * The signature types that are understood, with the byte that names each in a key (C2SP signed-note, "Signature types"):
 * plain Ed25519, and the timestamped cosignature of a checkpoint.
 */
export const NOTE_ALGORITHMS = { ed25519: 0x01, 'cosignature-v1': 0x04 };
const PUBLIC_KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
/** `name` must be a key name and `publicKey` 32 bytes: both are the program's own, so anything else throws. */
export function verifierKeyOf(name, algorithm, publicKey) {
    if (!isKeyName(name))
        throw new RangeError('no key name');
    if (publicKey.length !== PUBLIC_KEY_BYTES)
        throw new RangeError('an Ed25519 key has 32 bytes');
    return { name, algorithm, publicKey, keyId: keyIdOf(name, algorithm, publicKey) };
}
/** `TR4`: the first four bytes of SHA-256(name || newline || algorithm || public key). A label, not a commitment. */
function keyIdOf(name, algorithm, publicKey) {
    return sha256(utf8ToBytes(`${name}\n`), keyMaterial(algorithm, publicKey)).slice(0, KEY_ID_BYTES);
}
function keyMaterial(algorithm, publicKey) {
    return concatBytes(Uint8Array.of(NOTE_ALGORITHMS[algorithm]), publicKey);
}
/** `<name>+<key id in hex>+<base64 of algorithm and key>`: the text in which verifier keys are handed around. */
export function formatVkey(key) {
    return `${key.name}+${toHex(key.keyId)}+${toBase64(keyMaterial(key.algorithm, key.publicKey))}`;
}
/** Parses a vkey (`TR4`). Refuses a second spelling, an unknown algorithm, and a key id that is not the key's own. */
export function parseVkey(text) {
    const match = /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
    const [, name = '', keyId = '', encoded = ''] = match ?? [];
    const material = fromBase64(encoded);
    if (!isKeyName(name) || material === undefined || material.length === 0)
        return err({ code: 'vkey-malformed' });
    const algorithm = algorithmOf(material[0]);
    if (algorithm === undefined)
        return err({ code: 'vkey-algorithm-unknown', algorithm: material[0] });
    if (material.length !== 1 + PUBLIC_KEY_BYTES)
        return err({ code: 'vkey-malformed' });
    const key = verifierKeyOf(name, algorithm, material.slice(1));
    return toHex(key.keyId) === keyId ? ok(key) : err({ code: 'vkey-id-mismatch' });
}
function algorithmOf(byte) {
    const names = Object.keys(NOTE_ALGORITHMS);
    return names.find((name) => NOTE_ALGORITHMS[name] === byte);
}
/** Whether a signature line is this key's. Sharing only the name or only the id makes it somebody else's. */
export function isLineOf(line, key) {
    return line.name === key.name && equalBytes(line.keyId, key.keyId);
}
