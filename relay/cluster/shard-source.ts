import { BlobReader, bodyBytes, err, ok, shardObjectBytes, tailBytes, type Result } from '../../core/index.ts';
import type { NodeFault, NodeResult, StorageNode } from '../storage-node.ts';
import { nodesOfBlob, type ClusterNodes } from './cluster-nodes.ts';
import { RecycledBuffers } from './recycled-buffers.ts';
import { shardPartKey } from './shard-key.ts';
import { partCount, partSpan, tailPart } from './shard-parts.ts';
import type { BlobReadOptions, StoredBlob } from './stored-blob.ts';
import type { StripeWindow } from './stripe-window.ts';

/** Whether a shard is damaged, or its node away. */
type ShardFault = 'damaged' | 'away';

/** The shards of one blob for one reader: asks their nodes, opens them by their tails, and remembers which gave nothing. */
export class ShardSource {
  readonly reader: BlobReader;
  /** Shards that failed this reader, or were missing before: others are asked first. */
  readonly doubtful: Set<number>;
  /** Where cells are read to. */
  readonly buffers = new RecycledBuffers();
  readonly #cluster: ClusterNodes;
  readonly #stored: StoredBlob;
  readonly #nodes: readonly (StorageNode | undefined)[];
  readonly #tails = new Map<number, Promise<Result<void, ShardFault>>>();
  readonly #damaged = new Set<number>();
  readonly #report: (shard: number) => void;

  constructor(cluster: ClusterNodes, stored: StoredBlob, { damaged = () => undefined }: BlobReadOptions) {
    const { layout } = stored.descriptor;
    this.#cluster = cluster;
    this.#stored = stored;
    this.#nodes = nodesOfBlob(cluster, stored);
    this.#report = damaged;
    this.reader = new BlobReader(cluster.code(layout), stored.descriptor);
    this.doubtful = new Set(stored.missing);
  }

  get cluster(): ClusterNodes {
    return this.#cluster;
  }

  /** The cells of a window as the shard's node gave them, once the shard is open; undefined where it gives none. */
  async fetch(shard: number, window: StripeWindow): Promise<Uint8Array | undefined> {
    const before = this.#cluster.clock();
    const fetched = this.#isWholeShard(window) ? await this.#fetchWhole(shard) : await this.#fetchSpan(shard, window);
    if (fetched.ok) {
      this.#cluster.readTimes.note(this.#cluster.clock() - before);
      return fetched.value;
    }
    if (fetched.error === 'damaged') this.noteDamage(shard);
    else this.doubtful.add(shard);
    return undefined;
  }

  /** What a node gave is not what was written. */
  noteDamage(shard: number): void {
    this.doubtful.add(shard);
    if (this.#damaged.has(shard)) return;
    this.#damaged.add(shard);
    this.#report(shard);
  }

  /** A shard of one object of which all cells are asked comes in one answer, tail included. */
  #isWholeShard({ part, span }: StripeWindow): boolean {
    const { layout } = this.#stored.descriptor;
    return partCount(layout) === 1 && part === 0 && span.start === 0 && span.end === bodyBytes(layout);
  }

  async #fetchWhole(shard: number): Promise<Result<Uint8Array, ShardFault>> {
    const { layout } = this.#stored.descriptor;
    const got = await this.#ask(shard, 0, (node, key) => node.get(key, this.buffers));
    if (!got.ok) return got;
    if (got.value.length !== shardObjectBytes(layout)) return err('damaged');
    const tail = Promise.resolve(this.#open(shard, got.value.subarray(bodyBytes(layout))));
    this.#tails.set(shard, tail);
    const opened = await tail;
    return opened.ok ? ok(got.value.subarray(0, bodyBytes(layout))) : opened;
  }

  /** Tail and cells are asked for at one time; the tail once for all windows. */
  async #fetchSpan(shard: number, { part, span }: StripeWindow): Promise<Result<Uint8Array, ShardFault>> {
    const { layout } = this.#stored.descriptor;
    const length = span.end - span.start;
    const isWholePart = partCount(layout) > 1 && length === partLength(layout, part);
    const tail = this.#tails.get(shard) ?? this.#fetchTail(shard);
    this.#tails.set(shard, tail);
    const cells = this.#ask(shard, part, (node, key) =>
      isWholePart ? node.get(key, this.buffers) : node.getRange(key, { offset: span.start, length }, this.buffers),
    );
    const [opened, got] = await Promise.all([tail, cells]);
    if (!opened.ok) return opened;
    return got.ok && got.value.length !== length ? err('damaged') : got;
  }

  async #fetchTail(shard: number): Promise<Result<void, ShardFault>> {
    const { layout } = this.#stored.descriptor;
    const part = tailPart(layout);
    const offset = bodyBytes(layout) - partSpan(layout, part).start;
    const got = await this.#ask(shard, part, (node, key) =>
      offset === 0 ? node.get(key) : node.getRange(key, { offset, length: tailBytes(layout) }),
    );
    return got.ok ? this.#open(shard, got.value) : got;
  }

  #open(shard: number, tail: Uint8Array): Result<void, ShardFault> {
    return this.reader.openShard(shard, tail).ok ? ok(undefined) : err('damaged');
  }

  async #ask(
    shard: number,
    part: number,
    call: (node: StorageNode, key: ReturnType<typeof shardPartKey>) => Promise<NodeResult<Uint8Array>>,
  ): Promise<Result<Uint8Array, ShardFault>> {
    const node = this.#nodes[shard];
    if (node === undefined) return err('away');
    const got = await call(node, shardPartKey({ ...this.#stored, shard, part }));
    return got.ok ? got : err(shardFaultOf(got.error));
  }
}

function partLength(layout: StoredBlob['descriptor']['layout'], part: number): number {
  const { start, end } = partSpan(layout, part);
  return end - start;
}

/** A node that does not reach the range has too short an object; one that won't answer says nothing about it. */
function shardFaultOf(fault: NodeFault): ShardFault {
  const isDamaged = fault.code === 'not-found' || fault.code === 'corrupt';
  return isDamaged || (fault.code === 'refused' && fault.reason === 'range') ? 'damaged' : 'away';
}
