import { concatBytes, err, ok, RebuiltShard, sha256, type Result } from '../../core/index.ts';
import { nodesOfBlob, type ClusterNodes } from './cluster-nodes.ts';
import { scrubShard } from './scrub-shard.ts';
import { shardPartKey } from './shard-key.ts';
import { partCount, tailPart } from './shard-parts.ts';
import { ShardSource } from './shard-source.ts';
import type { BlobReadOptions, BlobReadRefusal, StoredBlob } from './stored-blob.ts';
import { cellOf, windowsOf, type StripeWindow } from './stripe-window.ts';

/** A blob of which shards are made anew: they expire with the others. */
export interface BlobToRepair extends StoredBlob {
  /** ms since the Unix epoch */
  readonly expiresAt: number;
}

/** Shards, rising: those that their nodes have again, and those that their nodes did not take. */
export interface Repair {
  readonly repaired: readonly number[];
  readonly refused: readonly number[];
}

/**
 * Makes shards anew from others and puts them at their nodes (`CR3`, `BL10`): the very bytes that were written, or none. Holds the
 * parts of one row at a time. A shard counts as repaired when it was read back and found good. Reports others that turn out
 * to be damaged.
 */
export function repairShards(
  cluster: ClusterNodes,
  stored: BlobToRepair,
  shards: readonly number[],
  options: BlobReadOptions = {},
): Promise<Result<Repair, BlobReadRefusal>> {
  return new ShardRepair(cluster, stored, shards, options).run();
}

/** Computed bytes by shard, each an array of cells in order. */
type ComputedRow = ReadonlyMap<number, readonly Uint8Array[]>;

class ShardRepair {
  readonly #cluster: ClusterNodes;
  readonly #stored: BlobToRepair;
  readonly #wanted: readonly number[];
  readonly #source: ShardSource;
  readonly #rebuilt: ReadonlyMap<number, RebuiltShard>;
  readonly #refused = new Set<number>();
  /** Others, in the order in which they are asked. */
  readonly #others: number[];

  constructor(cluster: ClusterNodes, stored: BlobToRepair, shards: readonly number[], options: BlobReadOptions) {
    this.#cluster = cluster;
    this.#stored = stored;
    this.#wanted = shards;
    this.#source = new ShardSource(cluster, stored, options);
    this.#rebuilt = new Map(shards.map((shard) => [shard, new RebuiltShard(this.#source.reader, shard)]));
    const { totalShards } = stored.descriptor.layout;
    const { doubtful } = this.#source;
    this.#others = Array.from({ length: totalShards }, (_, shard) => shard)
      .filter((shard) => !shards.includes(shard))
      .sort((a, b) => Number(doubtful.has(a)) - Number(doubtful.has(b)) || a - b);
  }

  async run(): Promise<Result<Repair, BlobReadRefusal>> {
    const { layout } = this.#stored.descriptor;
    const windows = windowsOf(layout, { start: 0, end: layout.blobBytes });
    let row: ComputedRow = new Map();
    for (const window of windows) {
      const computed = await this.#compute(window);
      if (!computed.ok) return computed;
      row = computed.value;
      if (windows.length > 1) await this.#putRow(window.part, row);
    }
    const sealed = await this.#putTails(windows.length > 1 ? new Map() : row);
    if (!sealed.ok) return sealed;
    return ok(await this.#readBack());
  }

  /** The wanted shards' cells of a row. Asks more shards for as long as those at hand are not enough. */
  async #compute(window: StripeWindow): Promise<Result<ComputedRow, BlobReadRefusal>> {
    const { layout } = this.#stored.descriptor;
    const given = new Map<number, Uint8Array>();
    const unasked = [...this.#others];
    const row = new Map<number, Uint8Array[]>(this.#wanted.map((shard) => [shard, []]));
    for (const { stripe } of window.stripes) {
      for (let isComputed = false; !isComputed;) {
        if (!(await this.#gather(window, given, unasked))) {
          return err({ code: 'unavailable', needed: layout.dataShards, found: given.size });
        }
        const cells = new Map([...given].map(([shard, bytes]) => [shard, cellOf(layout, window, stripe, bytes)]));
        const read = this.#source.reader.readCells(stripe, cells, this.#wanted);
        if (!read.ok && read.error.code === 'inconsistent-blob') return err(read.error);
        const erased = read.ok ? read.value.erased : read.error.code === 'too-few-shards' ? read.error.erased : [];
        for (const shard of erased) {
          given.delete(shard);
          this.#source.noteDamage(shard);
        }
        if (read.ok) this.#add(row, read.value);
        isComputed = read.ok;
      }
    }
    return ok(row);
  }

  #add(
    row: Map<number, Uint8Array[]>,
    read: { readonly cells: readonly Uint8Array[]; readonly from: readonly number[] },
  ) {
    for (const [i, shard] of this.#wanted.entries()) {
      const cell = read.cells[i] as Uint8Array;
      row.get(shard)?.push(cell);
      this.#rebuilt.get(shard)?.add(cell, read.from);
    }
  }

  /** Has k shards at hand. False where no more can be had. */
  async #gather(window: StripeWindow, given: Map<number, Uint8Array>, unasked: number[]): Promise<boolean> {
    const { dataShards } = this.#stored.descriptor.layout;
    while (given.size < dataShards && unasked.length > 0) {
      const asked = unasked.splice(0, dataShards - given.size);
      const fetched = await Promise.all(asked.map((shard) => this.#source.fetch(shard, window)));
      for (const [i, shard] of asked.entries()) if (fetched[i] !== undefined) given.set(shard, fetched[i]);
    }
    return given.size >= dataShards;
  }

  async #putRow(part: number, row: ComputedRow): Promise<void> {
    await Promise.all([...row].map(([shard, cells]) => this.#put(shard, part, concatBytes(...cells))));
  }

  /** The last object of each shard: before it is there, what lies there is no shard (`BL10`). */
  async #putTails(row: ComputedRow): Promise<Result<void, BlobReadRefusal>> {
    const part = tailPart(this.#stored.descriptor.layout);
    const tails = new Map<number, Uint8Array>();
    for (const [shard, rebuilt] of this.#rebuilt) {
      const tail = rebuilt.finish();
      if (!tail.ok) return tail;
      tails.set(shard, tail.value);
    }
    await Promise.all(
      [...tails].map(([shard, tail]) => this.#put(shard, part, concatBytes(...(row.get(shard) ?? []), tail))),
    );
    return ok(undefined);
  }

  /** A node that refused one part is asked for no other. */
  async #put(shard: number, part: number, bytes: Uint8Array): Promise<void> {
    const node = nodesOfBlob(this.#cluster, this.#stored)[shard];
    if (this.#refused.has(shard)) return;
    const { expiresAt } = this.#stored;
    const object = { bytes, sha256: sha256(bytes), expiresAt };
    const stored = await node?.put(shardPartKey({ ...this.#stored, shard, part }), object);
    if (stored?.ok !== true) this.#refused.add(shard);
  }

  async #readBack(): Promise<Repair> {
    const repaired: number[] = [];
    for (const shard of this.#wanted) {
      const isGood = !this.#refused.has(shard) && (await scrubShard(this.#cluster, this.#stored, shard)) === 'good';
      if (isGood) repaired.push(shard);
    }
    return { repaired, refused: this.#wanted.filter((shard) => !repaired.includes(shard)) };
  }
}

/** Bytes that repairing so many shards of a blob moves: k are read, the new ones written and read back. */
export function repairBytes({ descriptor: { layout } }: StoredBlob, shards: number): number {
  const shardBytes = Math.ceil(layout.blobBytes / layout.dataShards);
  return shardBytes * (layout.dataShards + 2 * shards) + partCount(layout);
}
