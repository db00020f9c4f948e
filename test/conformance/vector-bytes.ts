import { fromHex } from '../../core/index.ts';

export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error(`a vector holds ${hex} for hexadecimal`);
  return bytes;
}
