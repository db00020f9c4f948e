import { MAX_RETENTION_MS, type ChainId } from '../../../core/index.ts';
import { objectCount, removeBlob, type ClusterNodes } from '../../../relay/index.ts';
import type { BlobCare } from '../care/blob-care.ts';
import type { ChainStore, Segment, Tombstone } from '../store.ts';

export interface TombsHost {
  readonly chain: ChainId;
  readonly store: ChainStore;
  readonly storage: DurableObjectStorage;
  readonly clock: () => number;
  readonly schedule: (dueAt: number) => void;
  readonly cluster: () => Promise<ClusterNodes | undefined>;
  readonly care: () => BlobCare;
}

/** Blobs that one step has deleted. */
const BLOBS_A_STEP = 16;
/** Objects of them, unless one blob alone has more: the platform bounds what one alarm asks of others, and beyond it nothing is done. */
const OBJECTS_A_STEP = 400;
/** A put that its writer no longer waits for may still arrive for so long: what was being written is deleted after that. */
const SETTLING_MS = 60_000;
/** How often a node that does not say that it has deleted is asked again. */
const RETRY_MS = 600_000;

/**
 * What is to be gone from the nodes (`TI8`): each of them is asked until it has said so, however long it was away. Nobody
 * reads such a blob any more and no repair makes it anew, since no row stands for it but the one here.
 */
export class Tombs {
  readonly #host: TombsHost;

  constructor(host: TombsHost) {
    this.#host = host;
  }

  /** In the transaction that drops what stood for the blob. */
  bury(tombstone: Tombstone, delayMs = SETTLING_MS): void {
    const now = this.#host.clock();
    this.#host.store.tombstones.add(tombstone, now + delayMs, now + MAX_RETENTION_MS);
    this.#host.schedule(now + delayMs);
  }

  /** Nodes that did not say that they deleted are asked again at once. What may still arrive is waited for all the same. */
  hasten(): void {
    const now = this.#host.clock();
    this.#host.store.tombstones.hasten(now, now + SETTLING_MS);
    this.#host.schedule(now);
  }

  /**
   * Buries what has expired: in one transaction with the rows that stood for it, so that it is either or. Returns whether there may
   * be more.
   */
  buryExpired(now: number, forgotten: (segments: readonly Pick<Segment, 'first'>[]) => void): boolean {
    const { store, storage, care } = this.#host;
    const segments = store.segments.expired(now, BLOBS_A_STEP);
    const blobs = store.blobs.expired(now, BLOBS_A_STEP);
    if (segments.length + blobs.length === 0) return false;
    storage.transactionSync(() => {
      for (const { first } of segments) store.segments.drop(first);
      if (segments.length > 0) store.payloads.trimLookup();
      for (const { id: blob, placement, writtenBy, size: blobBytes } of blobs) {
        this.bury({ blob, placement, writtenBy, blobBytes }, 0);
        store.blobs.remove(blob);
      }
      if (blobs.length > 0) care().removed();
    });
    forgotten(segments);
    return segments.length === BLOBS_A_STEP || blobs.length === BLOBS_A_STEP;
  }

  /** Job step. */
  async step(now: number): Promise<number | undefined> {
    const { store, chain } = this.#host;
    const cluster = await this.#host.cluster();
    if (cluster === undefined) return undefined;
    const due = firstOf(store.tombstones.due(now, BLOBS_A_STEP), cluster);
    // First, so that one that fails or ends this object delays no other.
    for (const tombstone of due) store.tombstones.defer(tombstone, now + RETRY_MS);
    const removals = due.map(async (tombstone) => {
      const { blob: id, placement, writtenBy, blobBytes, expiresAt } = tombstone;
      const left = await removeBlob(cluster, { chain, id, placement, writtenBy, blobBytes });
      // A node that was away for longer than anything is kept finds its objects expired, and removes them by its own rule.
      if (left.length === 0 || expiresAt <= now) store.tombstones.drop(tombstone);
    });
    await Promise.all(removals);
    return store.tombstones.nextDue();
  }
}

/** As many, from the first on, as one step deletes. */
function firstOf<T extends Tombstone>(due: readonly T[], cluster: ClusterNodes): readonly T[] {
  let objects = 0;
  return due.filter((tombstone, index) => {
    objects += objectCount(cluster, tombstone);
    return index === 0 || objects <= OBJECTS_A_STEP;
  });
}
