import { err, ok, type ObjectKey } from '../core/index.ts';
import type {
  Buffers,
  ByteRange,
  KeptObject,
  ListPage,
  ListRequest,
  NodeFault,
  NodeResult,
  ObjectToKeep,
  StorageNode,
} from '../relay/index.ts';
import {
  checkKept,
  checkPage,
  CORRUPT,
  holdsRange,
  NOT_FOUND,
  parseTime,
  refused,
  refusePut,
  unavailable,
} from './checks.ts';
import { LATE, withDeadline } from './deadline.ts';
import { timeoutOf, type NodeOptions } from './node-options.ts';

export interface R2NodeOptions extends NodeOptions {
  readonly bucket: R2Bucket;
  /** Before every key in the bucket, so that others can use it too; none by default. */
  readonly prefix?: string;
}

/** An object on its way out of the bucket. Whoever opens it reads the body or cancels it. */
export interface OpenedObject {
  readonly kept: KeptObject;
  readonly body: ReadableStream<Uint8Array>;
}

/** Metadata of an object that no bucket keeps by itself. Its hash is R2's own checksum. */
const EXPIRES_AT = 'expiresAt';

/** A bucket of this deployment's own account, by its binding (`SN10`). */
export class R2Node implements StorageNode {
  readonly #bucket: R2Bucket;
  readonly #prefix: string;
  readonly #clock: () => number;
  readonly #timeoutMs: number;

  constructor(options: R2NodeOptions) {
    this.#bucket = options.bucket;
    this.#prefix = options.prefix ?? '';
    this.#clock = options.clock;
    this.#timeoutMs = timeoutOf(options);
  }

  put(key: ObjectKey, object: ObjectToKeep): Promise<NodeResult<void>> {
    return this.#attempt(async () => {
      const fault = refusePut(object, this.#clock());
      if (fault !== undefined) return err(fault);
      const { bytes, sha256, expiresAt } = object;
      await this.#bucket.put(this.#prefix + key, bytes, {
        sha256,
        customMetadata: { [EXPIRES_AT]: String(expiresAt) },
      });
      return ok(undefined);
    });
  }

  get(key: ObjectKey, buffers?: Buffers): Promise<NodeResult<Uint8Array>> {
    return this.#attempt(async () => readWhole(await this.#open(key), { buffers }));
  }

  getRange(key: ObjectKey, range: ByteRange, buffers?: Buffers): Promise<NodeResult<Uint8Array>> {
    return this.#attempt(async () => readWhole(await this.#open(key, range), { buffers, length: range.length }));
  }

  /** As `get` and `getRange`, for whoever passes the bytes on. */
  open(key: ObjectKey, range?: ByteRange): Promise<NodeResult<OpenedObject>> {
    return this.#attempt(() => this.#open(key, range));
  }

  head(key: ObjectKey): Promise<NodeResult<KeptObject>> {
    return this.#attempt(async () => {
      const object = await this.#bucket.head(this.#prefix + key);
      return object === null ? err(NOT_FOUND) : this.#check(object);
    });
  }

  delete(key: ObjectKey): Promise<NodeResult<void>> {
    return this.deleteAll([key]);
  }

  /** At most MAX_OBJECT_PAGE at once, which is what R2 takes. */
  deleteAll(keys: readonly ObjectKey[]): Promise<NodeResult<void>> {
    return this.#attempt(async () => {
      await this.#bucket.delete(keys.map((key) => this.#prefix + key));
      return ok(undefined);
    });
  }

  list(asked: ListRequest): Promise<NodeResult<ListPage>> {
    const { after, limit } = asked;
    return this.#attempt(async () => {
      const listed = await this.#bucket.list({
        limit,
        ...(this.#prefix !== '' && { prefix: this.#prefix }),
        ...(after !== undefined && { startAfter: this.#prefix + after }),
      });
      const objects = listed.objects.map(({ key, size }) => ({ key: key.slice(this.#prefix.length), size }));
      return checkPage(asked, objects, listed.truncated ? (objects.at(-1)?.key ?? after) : undefined);
    });
  }

  async #open(key: ObjectKey, range?: ByteRange): Promise<NodeResult<OpenedObject>> {
    const object = await this.#get(key, range);
    if (object === null) return err(NOT_FOUND);
    if (!('body' in object)) return err(refused('range'));
    const kept = this.#check(object);
    const fault = kept.ok ? rangeFault(kept.value.size, range) : kept.error;
    if (kept.ok && fault === undefined) return ok({ kept: kept.value, body: object.body });
    await object.body.cancel();
    return err(fault ?? CORRUPT);
  }

  /** The object without a body where it does not reach the range: how R2 itself fails then differs, its size does not. */
  async #get(key: ObjectKey, range: ByteRange | undefined): Promise<R2ObjectBody | R2Object | null> {
    if (range === undefined) return this.#bucket.get(this.#prefix + key);
    try {
      return await this.#bucket.get(this.#prefix + key, { range: { ...range } });
    } catch (error) {
      const object = await this.#bucket.head(this.#prefix + key);
      if (object !== null && holdsRange(object.size, range)) throw error;
      return object;
    }
  }

  #check({ size, checksums, customMetadata }: R2Object): NodeResult<KeptObject> {
    const sha256 = checksums.sha256 && new Uint8Array(checksums.sha256);
    return checkKept({ size, sha256, expiresAt: parseTime(customMetadata?.[EXPIRES_AT]) }, this.#clock());
  }

  /** The binding has no way to give up, so what comes late goes on and is not waited for. */
  async #attempt<T>(work: () => Promise<NodeResult<T>>): Promise<NodeResult<T>> {
    try {
      const result = await withDeadline(this.#timeoutMs, work);
      return result === LATE ? err(unavailable('timeout')) : result;
    } catch (error) {
      return err(faultOf(error));
    }
  }
}

function rangeFault(size: number, range: ByteRange | undefined): NodeFault | undefined {
  return range === undefined || holdsRange(size, range) ? undefined : refused('range');
}

/** Into memory of its size at once: the platform's own way gathers pieces, and copies them together at the end. */
async function readWhole(
  opened: NodeResult<OpenedObject>,
  { buffers, length }: { readonly buffers: Buffers | undefined; readonly length?: number },
): Promise<NodeResult<Uint8Array>> {
  if (!opened.ok) return opened;
  const { body, kept } = opened.value;
  const expected = length ?? kept.size;
  // One byte more than there should be tells of an object that goes on.
  const room = buffers?.take(expected + 1) ?? new Uint8Array(expected + 1);
  const reader = body.getReader({ mode: 'byob' });
  const { value } = await reader.readAtLeast(room.length, room);
  if (value?.length === expected) return ok(value);
  await reader.cancel();
  return err(CORRUPT);
}

/** What R2's own numbers say, which stand at the end of its messages. Everything else is a failure of the bucket. */
const FAULTS: Readonly<Record<string, NodeFault>> = {
  10037: refused('digest-mismatch'),
  10043: unavailable('busy'),
  10058: unavailable('busy'),
};

function faultOf(error: unknown): NodeFault {
  const number = /\((\d+)\)$/.exec(error instanceof Error ? error.message : '')?.[1] ?? '';
  return FAULTS[number] ?? unavailable('failed');
}
