import { ed25519 } from '@noble/curves/ed25519.js';
import { hasCanonicalY, isSmallOrderEncoding, POINT_BYTES } from './encoded-point.ts';
/**
 * The Ed25519 admission rule of docs/spec/ed25519.md. RFC 8032 §5.1.7 leaves room that libraries fill differently; an
 * event that one party accepts and another refuses is a false alarm on demand, so these checks narrow every platform's
 * verifier to one verdict. Cases: Wycheproof `ed25519_test`, ed25519-speccheck.
 */
export const SIGNATURE_BYTES = 64;
/** A copy of the key, or undefined where `isAdmissibleKey` says no. The copy lets go of the frame it was read from. */
export function parseActorKey(bytes) {
    return isAdmissibleKey(bytes) ? bytes.slice() : undefined;
}
/**
 * Whether a public key is canonical, not of small order, on the curve and free of torsion (`ED2`-`ED5`). A torsion
 * component is where cofactored and cofactorless verifiers part. Costs a scalar multiplication, about ten verifications:
 * remember the verdict, as `createSignatureChecker` does.
 */
export function isAdmissibleKey(key) {
    return isPlausibleKey(key) && decodePoint(key)?.isTorsionFree() === true;
}
/** The part of `isAdmissibleKey` that reads bytes and does no arithmetic. */
export function isPlausibleKey(key) {
    return key.length === POINT_BYTES && hasCanonicalY(key, 0) && !isSmallOrderEncoding(key, 0);
}
/**
 * Whether a signature R || S has a canonical R that is not of small order, and S < L (`ED2`-`ED4`, `ED6`). Reads bytes
 * only; whether R is on the curve is settled by the equation, which compares encodings.
 */
export function isAdmissibleSignature(signature) {
    return (signature.length === SIGNATURE_BYTES &&
        isReducedScalar(signature, POINT_BYTES) &&
        hasCanonicalY(signature, 0) &&
        !isSmallOrderEncoding(signature, 0));
}
/** L = 2^252 + 27742317777372353535851937790883648493, the order of the base point, little-endian. */
const ORDER = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
/** S + L satisfies the same equation, so without this check anyone could give a signature a second form. */
function isReducedScalar(bytes, offset) {
    for (let i = ORDER.length - 1; i >= 0; i--) {
        const difference = bytes[offset + i] - ORDER[i];
        if (difference !== 0)
            return difference < 0;
    }
    return false;
}
/** RFC 8032 §5.1.3, strict; undefined where the bytes are no point. The library throws for that, and only for that. */
export function decodePoint(bytes) {
    try {
        return ed25519.Point.fromBytes(bytes, false);
    }
    catch {
        return undefined;
    }
}
