import { encode, equalBytes, err, inconsistencyEvidence, ok, sha256, type ChainId } from '../../../core/index.ts';
import {
  readBlobRange,
  type Answer,
  type BlobRange,
  type ClusterNodes,
  type RelayRefusal,
} from '../../../relay/index.ts';
import { reportIncident } from '../../platform/incident.ts';
import type { BlobCare } from '../care/blob-care.ts';
import { Turns } from '../../turns.ts';
import type { BlobRow, ChainStore, ColdPlace, LogPageQuery, LogPageRow, Segment } from '../store.ts';
import { SegmentCache } from './segment-cache.ts';

export interface ColdPayloadsHost {
  readonly chain: ChainId;
  readonly store: ChainStore;
  readonly clock: () => number;
  readonly cluster: () => Promise<ClusterNodes | undefined>;
  readonly care: () => BlobCare;
}

/** A page ends where it would need more segments than these, which is where a quiet chain has one for every few messages. */
const MAX_PAGE_SEGMENTS = 8;
/** Pages that are read from the cluster at one time. The others of a chain wait, with nothing in memory yet (`TI5`). */
const PAGES_AT_ONCE = 4;

/** Payloads that are at the cluster (`TI5`, `TI6`). Whoever may read an entry was asked before anything here is. */
export class ColdPayloads {
  readonly #host: ColdPayloadsHost;
  readonly #cache = new SegmentCache();
  readonly #turns = new Turns();
  #pages = 0;

  constructor(host: ColdPayloadsHost) {
    this.#host = host;
  }

  /**
   * A page of rows with their payloads, hot and cold: at once where all are hot, which is what streams live on, else when each
   * segment that has some of them was read. What can't be read is left out.
   */
  page(query: LogPageQuery): readonly LogPageRow[] | Promise<readonly LogPageRow[]> {
    const { segments, log } = this.#host.store;
    if (!segments.isAny(query.from, query.from + query.limit)) return log.page(query);
    this.#pages += 1;
    return this.#turns.run([String(this.#pages % PAGES_AT_ONCE)], () => this.#coldPage(query));
  }

  /** Where the newest payload of this hash lies, of the first `size` entries and expired or not. */
  find(hash: Uint8Array, size: number): { readonly segment: Segment; readonly place: ColdPlace } | undefined {
    const { payloads, segments } = this.#host.store;
    for (const index of payloads.candidates(hash)) {
      const found = index < size ? segments.placeOf(index) : undefined;
      if (found !== undefined && equalBytes(found.place.hash, hash)) return found;
    }
    return undefined;
  }

  /** The bytes of one payload. */
  async read(segment: Segment, place: ColdPlace): Promise<Answer> {
    const { dataShards } = this.#blobOf(segment).descriptor.layout;
    const bytes = this.#cache.peek(segment.first)?.slice(place.start, place.end);
    const read = bytes === undefined ? await this.#readRange(segment, place) : ok(bytes);
    return read.ok && !isNamed(read.value, place) ? err(unavailable(dataShards, 0)) : read;
  }

  /** The segments are about to be gone. */
  forget(segments: readonly Pick<Segment, 'first'>[]): void {
    for (const { first } of segments) this.#cache.drop(first);
  }

  /** Rows are read once it is their turn, so that those who wait cost no memory. */
  async #coldPage(query: LogPageQuery): Promise<readonly LogPageRow[]> {
    const { store, clock } = this.#host;
    const end = query.from + query.limit;
    const [...segments] = store.segments.overlapping(query.from, end, MAX_PAGE_SEGMENTS + 1);
    const beyond = segments.length > MAX_PAGE_SEGMENTS ? segments.pop()?.first : undefined;
    const places = new Map(segments.flatMap((segment) => placesIn(segment, clock())));
    const limit = (beyond ?? end) - query.from;
    const rows = store.log.page({ ...query, limit, coldBytes: (index) => sizeOf(places.get(index)?.place) });
    const needed = new Set(rows.flatMap(({ index }) => places.get(index)?.segment ?? []));
    const read = await Promise.all([...needed].map(async (segment) => [segment, await this.#whole(segment)] as const));
    const bytes = new Map(read);
    return rows.map((row) => {
      const cold = places.get(row.index);
      return cold === undefined ? row : { ...row, payload: cut(bytes.get(cold.segment), cold.place) };
    });
  }

  #whole(segment: Segment): Promise<Uint8Array | undefined> {
    return this.#cache.get(segment.first, async () => {
      const size = this.#host.store.blobs.get(segment.blob)?.size;
      const read = size === undefined ? undefined : await this.#readRange(segment, { start: 0, end: size });
      return read?.ok === true ? read.value : undefined;
    });
  }

  async #readRange(segment: Segment, range: BlobRange): Promise<Answer> {
    const { chain, store, care } = this.#host;
    const blob = this.#blobOf(segment);
    const { dataShards } = blob.descriptor.layout;
    const cluster = await this.#host.cluster();
    if (cluster === undefined) return err(unavailable(dataShards, 0));
    const read = await readBlobRange(cluster, { chain, ...blob }, range, {
      damaged: (shard) => care().reportDamage(segment.blob, [shard]),
    });
    if (read.ok) return read;
    if (read.error.code === 'unavailable') return err(unavailable(read.error.needed, read.error.found));
    // This relay wrote it, so a shard was made by something else: nobody gets what may differ from reader to reader (`BL8`).
    reportIncident('inconsistent-segment', new Error(`shard ${read.error.evidence.shard}`));
    store.blobs.setStatus(segment.blob, 'inconsistent', encode(inconsistencyEvidence, read.error.evidence));
    return err(unavailable(dataShards, 0));
  }

  #blobOf({ blob, first }: Segment): BlobRow {
    const row = this.#host.store.blobs.get(blob);
    if (row === undefined) throw new Error(`the segment of entry ${first} has no blob`);
    return row;
  }
}

/** Why a cold payload can't be had for the time being (`TI6`): how many shards are needed, and how many were found. */
function unavailable(needed: number, found: number): RelayRefusal {
  return { code: 'payload-unavailable', needed, found };
}

/** Where the payloads of a segment lie that have not expired, by their entries. */
function placesIn(
  segment: Segment,
  now: number,
): (readonly [number, { readonly segment: Segment; readonly place: ColdPlace }])[] {
  return segment.places.filter(({ expiresAt }) => expiresAt > now).map((place) => [place.index, { segment, place }]);
}

function sizeOf(place: ColdPlace | undefined): number {
  return place === undefined ? 0 : place.end - place.start;
}

function cut(bytes: Uint8Array | undefined, place: ColdPlace): Uint8Array | undefined {
  const payload = bytes?.subarray(place.start, place.end);
  return payload !== undefined && isNamed(payload, place) ? payload : undefined;
}

/**
 * Whether they are the bytes that the entry names (`BL12`). What was computed of a segment whose shards contradict each other is
 * known by this alone where no tail was at hand to compare it with (`BL8`).
 */
function isNamed(payload: Uint8Array, { hash, index }: ColdPlace): boolean {
  if (equalBytes(sha256(payload), hash)) return true;
  reportIncident('inconsistent-segment', new Error(`payload of entry ${index}`));
  return false;
}
