import { createHash, hash } from 'node:crypto';

/** workerd's one-shot SHA-256, which is synchronous. */
export function workerdSha256(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = hash('sha256', bytes, 'buffer');
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** SHA-256 of what comes in pieces. */
export class RunningSha256 {
  readonly #hash = createHash('sha256');

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Once, at the end. */
  digest(): Uint8Array {
    return new Uint8Array(this.#hash.digest());
  }
}
