import { concatBytes, utf8ToBytes } from '../bytes/index.ts';
const TIME_BYTES = 8;
const ED25519_BYTES = 64;
const MAX_TIME = 2n ** 63n - 1n;
/** `TR8`: header and time in front of the whole checkpoint text, extension lines included. */
export function cosignatureMessage(timeSeconds, checkpointText) {
    return utf8ToBytes(`cosignature/v1\ntime ${timeOf(timeSeconds)}\n${checkpointText}`);
}
/** The time as eight big-endian bytes, then the signature. */
export function encodeTimestampedSignature({ timeSeconds, signature }) {
    if (signature.length !== ED25519_BYTES)
        throw new RangeError('an Ed25519 signature has 64 bytes');
    const time = timeOf(timeSeconds);
    return concatBytes(Uint8Array.from({ length: TIME_BYTES }, (_, i) => Number((time >> BigInt(8 * (7 - i))) & 0xffn)), signature);
}
/** Undefined for a wrong length and for a time past 2^53 - 1. */
export function parseTimestampedSignature(bytes) {
    if (bytes.length !== TIME_BYTES + ED25519_BYTES)
        return undefined;
    let timeSeconds = 0;
    for (let i = 0; i < TIME_BYTES; i++)
        timeSeconds = timeSeconds * 256 + bytes[i];
    return Number.isSafeInteger(timeSeconds) ? { timeSeconds, signature: bytes.slice(TIME_BYTES) } : undefined;
}
function timeOf(timeSeconds) {
    const time = BigInt(timeSeconds);
    if (time < 0n || time > MAX_TIME)
        throw new RangeError('a cosignature time is within 0 and 2^63 - 1');
    return time;
}
