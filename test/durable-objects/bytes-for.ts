/** Deterministic bytes that differ for every label and number. */
export function bytesFor(label: string, number: number, length: number): Uint8Array {
  let seed = number + 1;
  for (const letter of label) seed = (Math.imul(seed, 31) + letter.charCodeAt(0)) >>> 0;
  return Uint8Array.from({ length }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed >>> 24;
  });
}
