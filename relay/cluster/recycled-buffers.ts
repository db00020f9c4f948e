import type { Buffers } from '../storage-node.ts';

/**
 * Memory of parts on their way, used again once a part is where it should be: what the engine has not collected yet would
 * otherwise be as much as the blob. What somebody may still read or write, since an answer was late, is not given back.
 */
export class RecycledBuffers implements Buffers {
  readonly #free: ArrayBufferLike[] = [];
  /** So many are out: no more are kept, whoever else made what is given. */
  #lent = 0;

  take(bytes: number): Uint8Array {
    const fitting = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    const [buffer] = fitting < 0 ? [] : this.#free.splice(fitting, 1);
    this.#lent += 1;
    return new Uint8Array(buffer ?? new ArrayBuffer(bytes), 0, bytes);
  }

  /** Nobody uses these bytes any more. */
  give({ buffer }: Uint8Array): void {
    if (this.#lent === 0) return;
    this.#lent -= 1;
    this.#free.push(buffer);
  }
}
