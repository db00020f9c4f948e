import { hash } from 'node:crypto';

/** workerd's one-shot SHA-256, which is synchronous. */
export function workerdSha256(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = hash('sha256', bytes, 'buffer');
  return new Uint8Array(buffer, byteOffset, byteLength);
}
