import { randomFillSync } from 'node:crypto';
import {
  equalBytes,
  MAX_SEGMENT_PAYLOADS,
  packSegment,
  sha256,
  type ChainId,
  type PackedSegment,
} from '../../../core/index.ts';
import {
  BLOB_ID_BYTES,
  MAX_COLD_PAYLOAD_BYTES,
  MAX_WAITING_PAYLOADS,
  planSegment,
  writeBlob,
  type ClusterNodes,
  type HotPayload,
  type WrittenBlob,
} from '../../../relay/index.ts';
import type { ChainStore, PayloadRow, SegmentIntent } from '../store.ts';
import type { BlobCare } from '../care/blob-care.ts';
import type { Tombs } from './tombs.ts';

export interface SegmentFlushHost {
  readonly chain: ChainId;
  readonly store: ChainStore;
  readonly storage: DurableObjectStorage;
  readonly tombs: Tombs;
  /** How long payloads of this chain live. */
  readonly retentionMs: () => number;
  /** How old they are when they leave it, however few. */
  readonly hotAgeMs: number;
  readonly cluster: () => Promise<ClusterNodes | undefined>;
  readonly care: () => BlobCare;
}

const NONE = new Uint8Array();

/** A segment whose bytes are at hand. */
interface PreparedSegment {
  readonly intent: SegmentIntent;
  readonly rows: readonly PayloadRow[];
  readonly packed: PackedSegment;
}

/**
 * Moves the oldest payloads to the cluster, a segment a step (`TI1`–`TI4`). What a segment will be is stored before anything of it
 * is at a node, and its bytes leave the chain in the transaction that says where they are. So a step that dies anywhere is done
 * again with the same bytes under the same keys, or what it left is buried.
 */
export class SegmentFlush {
  readonly #host: SegmentFlushHost;

  constructor(host: SegmentFlushHost) {
    this.#host = host;
  }

  /** Job step. Throws where the cluster does not take the segment, to be run again; the payloads stay where they are. */
  async step(now: number): Promise<number | undefined> {
    const cluster = await this.#host.cluster();
    if (cluster === undefined) return undefined;
    const begun = this.#host.store.segments.intent;
    const prepared = begun === undefined ? this.#intend(cluster, now) : this.#prepare(begun, cluster);
    if (prepared === undefined) return begun === undefined ? this.#nextDue(now) : now;
    const { blob: id, blobBytes, expiresAt } = prepared.intent;
    const written = await writeBlob(cluster, { chain: this.#host.chain, id, blobBytes, expiresAt }, [
      prepared.packed.bytes,
    ]);
    if (!written.ok) {
      const { needed, found } = written.error;
      throw new Error(`a segment needs ${needed} nodes and ${found} took it`);
    }
    this.#settle(prepared, written.value);
    return this.#nextDue(now);
  }

  /** Undefined where nothing is due. */
  #intend(cluster: ClusterNodes, now: number): PreparedSegment | undefined {
    const plan = this.#plan(now);
    if (plan.kind !== 'flush') return undefined;
    const [first, last] = [plan.payloads[0], plan.payloads.at(-1)] as [HotPayload, HotPayload];
    const { store } = this.#host;
    const rows = store.payloads.between(rangeOf(first.index, last.index), MAX_SEGMENT_PAYLOADS);
    const packed = pack(rows);
    const intent: SegmentIntent = {
      first: first.index,
      last: last.index,
      payloadCount: rows.length,
      blob: randomFillSync(new Uint8Array(BLOB_ID_BYTES)),
      blobBytes: packed.bytes.length,
      placement: cluster.placement.number,
      expiresAt: last.expiresAt,
    };
    store.segments.intend(intent);
    return { intent, rows, packed };
  }

  #plan(now: number): ReturnType<typeof planSegment> {
    const { store } = this.#host;
    const waiting = store.payloads.waiting(now, MAX_COLD_PAYLOAD_BYTES, MAX_WAITING_PAYLOADS);
    return planSegment(waiting, { retentionMs: this.#host.retentionMs(), hotAgeMs: this.#host.hotAgeMs, now });
  }

  #nextDue(now: number): number | undefined {
    const plan = this.#plan(now);
    if (plan.kind === 'nothing') return undefined;
    return plan.kind === 'wait' ? plan.until : now;
  }

  /**
   * The bytes of what a step before intended. Undefined where they can't be those any more, since payloads expired or another placement
   * came into force while the cluster took nothing: then that intent is buried, and the next step has a new one.
   */
  #prepare(intent: SegmentIntent, cluster: ClusterNodes): PreparedSegment | undefined {
    const { store, storage, tombs } = this.#host;
    const rows = store.payloads.between(rangeOf(intent.first, intent.last), MAX_SEGMENT_PAYLOADS);
    const isSame = rows.length === intent.payloadCount && intent.placement === cluster.placement.number;
    if (isSame && intent.expiresAt > cluster.clock()) return { intent, rows, packed: pack(rows) };
    storage.transactionSync(() => {
      store.segments.endIntent();
      tombs.bury(intent);
    });
    return undefined;
  }

  /** From here on the bytes are at the nodes alone. */
  #settle({ intent, rows, packed }: PreparedSegment, { descriptor, placement, missing }: WrittenBlob): void {
    const { store, storage, care } = this.#host;
    const { first, last, blob, blobBytes, expiresAt } = intent;
    // A step that was taken for lost, and another has buried its blob, or settled it: what is at the nodes is nobody's, or is theirs.
    if (!equalBytes(store.segments.intent?.blob ?? NONE, blob)) return;
    const places = packed.places.map((place, i) => ({ ...place, ...timesOf(rows[i] as PayloadRow) }));
    storage.transactionSync(() => {
      store.blobs.add({
        id: blob,
        kind: 'segment',
        hash: sha256(packed.bytes),
        size: blobBytes,
        descriptor,
        placement,
        missing,
        expiresAt,
        status: 'kept',
      });
      store.segments.add({ first, last, blob, expiresAt, places });
      store.payloads.forget(rangeOf(first, last));
      store.segments.endIntent();
      care().written(blob, missing);
    });
  }
}

function rangeOf(first: number, last: number): { first: number; last: number; maxPayloadBytes: number } {
  return { first, last, maxPayloadBytes: MAX_COLD_PAYLOAD_BYTES };
}

function pack(rows: readonly PayloadRow[]): PackedSegment {
  return packSegment(rows.map(({ hash, bytes }) => ({ hash, payload: bytes })));
}

function timesOf({ index, expiresAt }: PayloadRow): Pick<PayloadRow, 'index' | 'expiresAt'> {
  return { index, expiresAt };
}
