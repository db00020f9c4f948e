import { randomFillSync } from 'node:crypto';
import {
  concatBytes,
  err,
  layOut,
  ok,
  UPLOAD_LIFETIME_MS,
  type BlobDescriptor,
  type ChainId,
  type ChainState,
  type Result,
} from '../../core/index.ts';
import {
  BLOB_ID_BYTES,
  mayUpload,
  placementOfBlob,
  refuseUpload,
  rowOffset,
  type ClusterNodes,
  type RelayRefusal,
  type StoredBlob,
  type UploadLimits,
  type WrittenRow,
} from '../../relay/index.ts';
import type { BlobStore } from './store/blobs.ts';
import type { Tombstone } from './store/tombstones.ts';
import type { UploadKey, UploadRow, UploadStore } from './store/uploads.ts';

/** Uploads that one step of the sweep forgets. */
const SWEPT_UPLOADS = 16;

/** What a worker gets to take an upload's bytes: its row, and the place of the blob that it becomes. */
export interface UploadTurn extends UploadRow {
  readonly chain: ChainId;
  /** Bytes that are stored already. */
  readonly offset: number;
}

/** An attachment that is kept: as its readers find it. */
export interface KeptAttachment extends StoredBlob {
  readonly hash: Uint8Array;
  readonly size: number;
  readonly expiresAt: number;
}

/** Whose turn it is at which upload. A later turn has taken it over. */
export type TurnKey = UploadKey & Pick<UploadRow, 'turn'>;

/** What a worker has written to the nodes. */
export interface UploadedBlob {
  readonly descriptor: BlobDescriptor;
  readonly missing: readonly number[];
}

export interface AttachmentHost {
  readonly chain: ChainId;
  readonly blobs: BlobStore;
  readonly uploads: UploadStore;
  readonly limits: UploadLimits;
  readonly state: () => ChainState;
  readonly cluster: () => Promise<ClusterNodes | undefined>;
  readonly clock: () => number;
  /** An upload is under way, at nodes that are not to be taken away meanwhile. */
  readonly begun: () => void;
  /** In the transaction that keeps a blob: what it lacks is for others to make. */
  readonly written: (id: Uint8Array, missing: readonly number[]) => void;
  /** In the transaction that forgets an upload: what is at the nodes of it is to be deleted. */
  readonly bury: (tombstone: Tombstone) => void;
  readonly storage: DurableObjectStorage;
  readonly scheduleSweep: (at: number) => void;
  /** In the transaction that keeps a blob: when it is to be deleted. */
  readonly scheduleExpiry: (at: number) => void;
}

/** Who may bring and read a chain's attachments, and what is known of each. Their bytes never come here (`UP2`). */
export class ChainAttachments {
  readonly #host: AttachmentHost;

  constructor(host: AttachmentHost) {
    this.#host = host;
  }

  /** Begins an upload from its first byte: a new one, or one that was begun before and is sent whole again. */
  async begin(key: UploadKey, size: number): Promise<Result<UploadTurn, RelayRefusal>> {
    const cluster = await this.#host.cluster();
    if (cluster === undefined) return err({ code: 'no-cluster' });
    if (!mayUpload(this.#host.state(), key.actor)) return err({ code: 'not-permitted' });
    const now = this.#host.clock();
    const held = this.#living(key, now);
    if (held !== undefined && held.size !== size)
      return err({ code: 'upload-offset', offset: offsetOf(held, cluster) });
    const refusal =
      held === undefined ? this.#refuse(key.actor, size, now) : this.#host.limits.countUpload(key.actor, size, now);
    if (refusal !== undefined) return err(refusal);
    if (held === undefined) {
      this.#forget(this.#host.uploads.find(key));
      this.#host.begun();
    }
    // A new one has a new id, so that nothing of it is deleted with one that came before.
    const begun = held ?? { ...key, ...this.#placeIn(cluster, now), size, turn: 0 };
    const row = { ...begun, rows: 0, partHashes: new Uint8Array(), missing: [], expiresAt: now };
    return ok(this.#take(row, cluster));
  }

  /** Goes on with an upload where it stands. */
  async resume(key: UploadKey, offset: number): Promise<Result<UploadTurn, RelayRefusal>> {
    const found = await this.#find(key);
    if (!found.ok) return found;
    const { row, cluster } = found.value;
    const at = offsetOf(row, cluster);
    if (at !== offset) return err({ code: 'upload-offset', offset: at });
    // An empty request has all of it read back.
    const refusal = at > 0 ? this.#host.limits.countUpload(key.actor, at, this.#host.clock()) : undefined;
    return refusal === undefined ? ok(this.#take(row, cluster)) : err(refusal);
  }

  /** How far an upload is: where to go on. */
  async offset(key: UploadKey): Promise<Result<number, RelayRefusal>> {
    const found = await this.#find(key);
    return found.ok ? ok(offsetOf(found.value.row, found.value.cluster)) : found;
  }

  /** A row is stored. False where the upload is another one's turn, or none any more. */
  noteRow(key: TurnKey, { row, hashes, missing }: WrittenRow): boolean {
    const held = this.#ofTurn(key);
    const isNext = held?.rows === row;
    if (isNext) {
      const partHashes = concatBytes(held.partHashes, ...hashes);
      this.#keep({ ...held, rows: row + 1, partHashes, missing });
    }
    return isNext;
  }

  /** All of it is stored and is what its hash says: from here on it can be read. */
  finish(key: TurnKey, { descriptor, missing }: UploadedBlob): boolean {
    const held = this.#ofTurn(key);
    if (held === undefined) return false;
    const { id, hash, size, placement, blobExpiresAt: expiresAt } = held;
    const { blobs, uploads, storage, written, scheduleExpiry } = this.#host;
    const place = { id, hash, size, placement, missing, expiresAt };
    storage.transactionSync(() => {
      blobs.add({ ...place, kind: 'attachment', descriptor, status: 'kept' });
      uploads.remove(key);
      written(id, missing);
      scheduleExpiry(expiresAt);
    });
    return true;
  }

  /** Its bytes are not what they should be: the sweep deletes what is stored. */
  drop(key: TurnKey): void {
    const held = this.#ofTurn(key);
    if (held !== undefined) this.#keep({ ...held, turn: held.turn + 1 }, this.#host.clock());
  }

  /** For readers: where the attachment's shards are. */
  async find(hash: Uint8Array): Promise<Result<KeptAttachment, RelayRefusal>> {
    const { blobs, chain, clock, cluster } = this.#host;
    if ((await cluster()) === undefined) return err({ code: 'no-cluster' });
    const row = blobs.find('attachment', hash, clock());
    if (row?.status === 'inconsistent') return err({ code: 'attachment-inconsistent' });
    if (row !== undefined) return ok({ ...row, chain });
    return err({ code: blobs.knows('attachment', hash) ? 'payload-expired' : 'not-found' });
  }

  /** Job step: uploads that nobody goes on with. */
  sweep(now: number): number | undefined {
    const { uploads } = this.#host;
    for (const row of uploads.expired(now, SWEPT_UPLOADS)) this.#forget(row);
    return uploads.nextExpiry();
  }

  /** Its room is free again at once, however long a node is away that has some of it. */
  #forget(row: UploadRow | undefined): void {
    if (row === undefined) return;
    const { uploads, storage, bury } = this.#host;
    storage.transactionSync(() => {
      uploads.remove(row);
      bury({ blob: row.id, placement: row.placement, blobBytes: row.size });
    });
  }

  #refuse(actor: Uint8Array, sizeBytes: number, now: number): RelayRefusal | undefined {
    const { uploads, limits, blobs } = this.#host;
    const usedBytes = blobs.usage('attachment').bytes + uploads.totalBytes;
    const refusal = refuseUpload({ sizeBytes, usedBytes, uploads: uploads.countOf(actor) });
    return refusal ?? limits.countUpload(actor, sizeBytes, now);
  }

  async #find(
    key: UploadKey,
  ): Promise<Result<{ readonly row: UploadRow; readonly cluster: ClusterNodes }, RelayRefusal>> {
    const cluster = await this.#host.cluster();
    if (cluster === undefined) return err({ code: 'no-cluster' });
    if (!mayUpload(this.#host.state(), key.actor)) return err({ code: 'not-permitted' });
    const row = this.#living(key, this.#host.clock());
    return row === undefined ? err({ code: 'not-found' }) : ok({ row, cluster });
  }

  #living(key: UploadKey, now: number): UploadRow | undefined {
    const row = this.#host.uploads.find(key);
    return row !== undefined && row.expiresAt > now ? row : undefined;
  }

  #ofTurn(key: TurnKey): UploadRow | undefined {
    const row = this.#living(key, this.#host.clock());
    return row?.turn === key.turn ? row : undefined;
  }

  #take(row: UploadRow, cluster: ClusterNodes): UploadTurn {
    const taken = this.#keep({ ...row, turn: row.turn + 1 });
    return { ...taken, chain: this.#host.chain, offset: offsetOf(taken, cluster) };
  }

  #keep(row: UploadRow, expiresAt = this.#host.clock() + UPLOAD_LIFETIME_MS): UploadRow {
    const kept = { ...row, expiresAt };
    this.#host.uploads.put(kept);
    this.#host.scheduleSweep(expiresAt);
    return kept;
  }

  /** A chain keeps its attachments for as long as its payloads. */
  #placeIn(cluster: ClusterNodes, now: number): Pick<UploadRow, 'id' | 'placement' | 'blobExpiresAt'> {
    const id = randomFillSync(new Uint8Array(BLOB_ID_BYTES));
    const { retentionMs } = this.#host.state().value.genesis;
    return { id, placement: cluster.placement.number, blobExpiresAt: now + retentionMs };
  }
}

function offsetOf({ placement, size, rows }: UploadRow, cluster: ClusterNodes): number {
  const { dataShards, slots } = placementOfBlob(cluster, { placement });
  return rowOffset(layOut(size, { dataShards, totalShards: slots.length }), rows);
}
