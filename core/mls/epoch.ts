/** Undefined above 2^53-1, which no group reaches. */
export function readEpoch(epoch: bigint): number | undefined {
  return epoch <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(epoch) : undefined;
}
