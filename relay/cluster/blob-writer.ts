import {
  BlobEncoder,
  bodyBytes,
  err,
  isWritten,
  ok,
  sha256,
  writeQuorum,
  type BlobDescriptor,
  type EncodedStripe,
  type Result,
} from '../../core/index.ts';
import type { StorageNode } from '../storage-node.ts';
import {
  nodesOfBlob,
  placementOfBlob,
  type ClusterNodes,
  type ClusterUnavailable,
  type Timer,
} from './cluster-nodes.ts';
import { RecycledBuffers } from './recycled-buffers.ts';
import { shardPartKey, type BlobPlace } from './shard-key.ts';
import { cellsPerPart, partSpan, rowCount, rowOf, rowOffset, rowStripes, tailPart } from './shard-parts.ts';

export interface BlobToPut extends BlobPlace {
  /** At least 1. */
  readonly blobBytes: number;
  /** ms since the Unix epoch; the blob's shards are not found from then on. */
  readonly expiresAt: number;
}

/** A blob that may be acknowledged: what its chain keeps of it. */
export interface WrittenBlob {
  readonly descriptor: BlobDescriptor;
  readonly placement: number;
  /** Shards, rising, that are not stored whole: for the repair to make. */
  readonly missing: readonly number[];
}

/** A row of parts that enough nodes have stored. */
export interface WrittenRow {
  readonly row: number;
  /** SHA-256 of each shard's part, by its index. */
  readonly hashes: readonly Uint8Array[];
  /** Shards, rising, of which this part or one before is not stored. */
  readonly missing: readonly number[];
}

export interface BlobWriterOptions {
  /** Rows that an earlier writer has stored and this one is given again: they are computed, since hashes are made of them, and not sent. */
  readonly storedRows?: number;
  /** Shards of which the earlier writer could not store all. */
  readonly missing?: readonly number[];
  /** Told of each row in order, before the next is sent. */
  readonly onRow?: (row: WrittenRow) => Promise<void>;
}

/** How long a row that may be acknowledged waits for those who have not answered. */
const GRACE_MS = 2_000;

/**
 * Writes a blob to its nodes while it comes in (`SC9`, `SC10`). Holds one row of parts, and the one before while that is on its
 * way. A node that failed once is left alone for the rest of the blob: its shard is missing, and the repair's.
 */
export class BlobWriter {
  readonly #cluster: ClusterNodes;
  readonly #blob: BlobToPut;
  readonly #options: BlobWriterOptions;
  readonly #encoder: BlobEncoder;
  readonly #nodes: readonly (StorageNode | undefined)[];
  readonly #missing: Set<number>;
  readonly #buffers = new RecycledBuffers();
  #parts: Uint8Array[] = [];
  #underway: Promise<ClusterUnavailable | undefined> = Promise.resolve(undefined);

  constructor(cluster: ClusterNodes, blob: BlobToPut, options: BlobWriterOptions = {}) {
    this.#cluster = cluster;
    this.#blob = blob;
    this.#options = options;
    const { dataShards, slots } = placementOfBlob(cluster, blob);
    this.#encoder = new BlobEncoder(cluster.code({ dataShards, totalShards: slots.length }), blob.blobBytes);
    this.#nodes = nodesOfBlob(cluster, blob);
    const gone = this.#nodes.flatMap((node, shard) => (node === undefined ? [shard] : []));
    this.#missing = new Set([...(options.missing ?? []), ...gone]);
  }

  /** Takes the next bytes. Once it was refused, nothing more is taken. More bytes than the blob has throw. */
  async write(bytes: Uint8Array): Promise<Result<void, ClusterUnavailable>> {
    for (const stripe of this.#encoder.write(bytes)) {
      this.#keep(stripe);
      if (!this.#endsRow(stripe)) continue;
      const refusal = await this.#send(rowOf(this.#encoder.layout, stripe.stripe));
      if (refusal !== undefined) return err(refusal);
    }
    return ok(undefined);
  }

  /** Once all bytes are written: seals the blob and waits for its nodes. Fewer bytes than the blob has throw. */
  async finish(): Promise<Result<WrittenBlob, ClusterUnavailable>> {
    const { descriptor, tails } = this.#encoder.finish();
    const { layout } = descriptor;
    const rows = rowCount(layout);
    if (rows === 1)
      for (const [shard, part] of this.#parts.entries()) part.set(tails[shard] as Uint8Array, bodyBytes(layout));
    else this.#parts = [...tails];
    const refusal = (await this.#send(rows === 1 ? 0 : rows)) ?? (await this.#underway);
    if (refusal !== undefined) return err(refusal);
    return ok({ descriptor, placement: this.#blob.placement, missing: this.#missingShards() });
  }

  /** Bytes of the blob up to the end of a row. */
  offsetAfter(row: number): number {
    return rowOffset(this.#encoder.layout, row + 1);
  }

  /** Whether this part ends its shard with the tail. */
  isLastPart(part: number): boolean {
    return part === tailPart(this.#encoder.layout);
  }

  /** Once nothing of it is on its way to a node any more, whatever became of it. */
  async idle(): Promise<void> {
    await this.#underway.catch(() => undefined);
  }

  /** Copies the cells, which are views, to their places in the row. */
  #keep({ stripe, cells }: EncodedStripe): void {
    const { layout } = this.#encoder;
    const row = rowOf(layout, stripe);
    const { start, end } = partSpan(layout, row);
    if (stripe === rowStripes(layout, row).first) this.#parts = cells.map(() => this.#buffers.take(end - start));
    const offset = (stripe % cellsPerPart(layout)) * layout.cellBytes;
    for (const [shard, cell] of cells.entries()) (this.#parts[shard] as Uint8Array).set(cell, offset);
  }

  /** That of a blob of one row is sent with its tail. */
  #endsRow({ stripe }: EncodedStripe): boolean {
    const { layout } = this.#encoder;
    return rowCount(layout) > 1 && stripe === rowStripes(layout, rowOf(layout, stripe)).last;
  }

  /** Waits for the row before, then sends this one, and lets the writer fill the next meanwhile where there is memory for two (`UP7`). */
  async #send(row: number): Promise<ClusterUnavailable | undefined> {
    const refusal = await this.#underway;
    if (refusal !== undefined || row < (this.#options.storedRows ?? 0)) return refusal;
    const parts = this.#parts;
    this.#parts = [];
    this.#underway = this.#store(row, parts);
    const { memory } = this.#cluster;
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (!memory.take(bytes)) return this.#underway;
    // Whoever gives up meanwhile does not ask how it ended.
    const give = (): void => memory.give(bytes);
    this.#underway.then(give, give);
    return undefined;
  }

  async #store(row: number, parts: readonly Uint8Array[]): Promise<ClusterUnavailable | undefined> {
    const hashes = parts.map((part) => sha256(part));
    const puts = parts.map((bytes, shard) => this.#put(row, shard, { bytes, sha256: hashes[shard] as Uint8Array }));
    const stored = await this.#settle(puts);
    for (const shard of parts.keys()) if (!stored.has(shard)) this.#missing.add(shard);
    const { layout } = this.#encoder;
    if (!isWritten(layout, stored.size)) {
      return { code: 'unavailable', needed: writeQuorum(layout), found: stored.size };
    }
    await this.#options.onRow?.({ row, hashes, missing: this.#missingShards() });
    return undefined;
  }

  async #put(part: number, shard: number, object: { bytes: Uint8Array; sha256: Uint8Array }): Promise<boolean> {
    const node = this.#missing.has(shard) ? undefined : this.#nodes[shard];
    const { expiresAt } = this.#blob;
    const stored = await node?.put(shardPartKey({ ...this.#blob, shard, part }), { ...object, expiresAt });
    if (stored?.ok !== false) this.#buffers.give(object.bytes);
    return stored?.ok === true;
  }

  /** The shards whose put was acknowledged: by all who answer, or by enough of them and what time is left after that (`SC10`). */
  #settle(puts: readonly Promise<boolean>[]): Promise<ReadonlySet<number>> {
    const { layout } = this.#encoder;
    const stored = new Set<number>();
    let grace: Timer | undefined;
    return new Promise((resolve, reject) => {
      let open = puts.length;
      const settled = (shard: number, isStored: boolean): void => {
        open -= 1;
        if (isStored) stored.add(shard);
        if (open === 0) {
          grace?.cancel();
          resolve(stored);
        } else if (isStored && stored.size === writeQuorum(layout)) {
          grace = this.#cluster.startTimer(GRACE_MS);
          void grace.over.then(() => resolve(new Set(stored)));
        }
      };
      for (const [shard, put] of puts.entries()) put.then((isStored) => settled(shard, isStored), reject);
    });
  }

  #missingShards(): number[] {
    return [...this.#missing].sort((a, b) => a - b);
  }
}
