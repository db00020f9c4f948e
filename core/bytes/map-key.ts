/** One character a byte: the cheapest text that a Map can tell byte strings apart by. Never shown to anybody. */
export function mapKey(bytes: Uint8Array): string {
  return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
}
