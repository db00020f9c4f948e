import { err, ok, type ObjectKey } from '../../core/index.ts';
import type { ByteRange, NodeFault, NodeResult, ObjectToKeep, StorageNode } from '../../relay/index.ts';

const NOT_FOUND: NodeFault = { code: 'not-found' };

/** A node that counts what is asked of it, as a bucket's bill would, and what it keeps. */
export class CountingNode implements StorageNode {
  classA = 0;
  classB = 0;
  deletes = 0;
  readonly #objects = new Map<ObjectKey, ObjectToKeep>();

  get storedBytes(): number {
    return [...this.#objects.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  async put(key: ObjectKey, object: ObjectToKeep): Promise<NodeResult<void>> {
    this.classA += 1;
    this.#objects.set(key, { ...object, bytes: object.bytes.slice() });
    return ok(undefined);
  }

  async get(key: ObjectKey): Promise<NodeResult<Uint8Array>> {
    this.classB += 1;
    const object = this.#objects.get(key);
    return object === undefined ? err(NOT_FOUND) : ok(object.bytes);
  }

  async getRange(key: ObjectKey, { offset, length }: ByteRange): Promise<NodeResult<Uint8Array>> {
    const whole = await this.get(key);
    return whole.ok ? ok(whole.value.subarray(offset, offset + length)) : whole;
  }

  async head(key: ObjectKey): ReturnType<StorageNode['head']> {
    this.classB += 1;
    const object = this.#objects.get(key);
    return object === undefined ? err(NOT_FOUND) : ok({ ...object, size: object.bytes.length });
  }

  async delete(key: ObjectKey): Promise<NodeResult<void>> {
    this.deletes += 1;
    this.#objects.delete(key);
    return ok(undefined);
  }

  async list(): ReturnType<StorageNode['list']> {
    this.classA += 1;
    return ok({ objects: [], next: undefined });
  }
}
