/** Shorter messages all look alike. */
const SMALLEST_BYTES = 256;
/** The content's length prefix at its longest, and the sender's signature with its own. */
const FRAMING_BYTES = 4 + 2 + 64;

/**
 * The length that a message of this many bytes is padded to (`ML43`): PADMÉ (Nikitin et al., PURBs, 2019), which keeps
 * only the leading bits of a length. It tells an eavesdropper about as many bits as the logarithm of the logarithm, for at most 12% more bytes.
 */
export function paddedLength(plaintextBytes: number): number {
  return padmeLength(plaintextBytes + FRAMING_BYTES);
}

/** The same for content whose framing is counted already. */
export function padmeLength(contentBytes: number): number {
  const length = Math.max(contentBytes, SMALLEST_BYTES);
  const exponent = Math.floor(Math.log2(length));
  const keptBits = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** Math.max(exponent - keptBits, 0);
  return Math.ceil(length / step) * step;
}
