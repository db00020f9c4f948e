/**
 * What an Ed25519 point encoding (RFC 8032 §5.1.2) shows without any curve arithmetic. Byte checks like these are what
 * platforms disagree on: "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020) finds a different set in
 * nearly every library.
 */
export const POINT_BYTES = 32;
const SIGN_BIT = 0x80;
const LAST = POINT_BYTES - 1;
/** y < p = 2^255 - 19 (`ED3`). The sign bit of x = 0 is left to `isSmallOrderEncoding`, which refuses both signs. */
export function hasCanonicalY(bytes, offset) {
    if ((bytes[offset + LAST] | SIGN_BIT) !== 0xff)
        return true;
    for (let i = 1; i < LAST; i++)
        if (bytes[offset + i] !== 0xff)
            return true;
    return bytes[offset] < 0xed;
}
/**
 * The y coordinates of the eight points whose order divides 8, little-endian: one of order 1, one of order 2, two of
 * order 4 that share y = 0, and two pairs of order 8. Each is listed under its first byte, since those differ.
 */
const SMALL_ORDER_Y = new Map([
    [0x01, ...Array(31).fill(0)],
    [0xec, ...Array(30).fill(0xff), 0x7f],
    Array(32).fill(0),
    bytesOf('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
    bytesOf('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
].map((y) => [y[0], y]));
function bytesOf(hex) {
    return Array.from({ length: POINT_BYTES }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
/**
 * Whether a canonical y belongs to a point of small order (`ED4`), whatever the sign bit says: that also catches the
 * second spelling of the two points with x = 0.
 */
export function isSmallOrderEncoding(bytes, offset) {
    const y = SMALL_ORDER_Y.get(bytes[offset]);
    if (y === undefined)
        return false;
    for (let i = 1; i < LAST; i++)
        if (bytes[offset + i] !== y[i])
            return false;
    return (bytes[offset + LAST] & ~SIGN_BIT) === y[LAST];
}
