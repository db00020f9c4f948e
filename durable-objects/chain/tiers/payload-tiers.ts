import type { ChainId } from '../../../core/index.ts';
import type { ClusterNodes } from '../../../relay/index.ts';
import type { JobStep } from '../../jobs/index.ts';
import type { BlobCare } from '../care/blob-care.ts';
import type { FlushWriter } from '../flush-writer.ts';
import { MAX_LOOKUP_LAG, type ChainStore } from '../store.ts';
import { ColdPayloads } from './cold-payloads.ts';
import { SegmentFlush } from './segment-flush.ts';
import { Tombs } from './tombs.ts';

/** Jobs that move payloads on as they age. */
export type TierJob = 'expiry' | 'forget' | 'lookup' | 'segments';

export interface PayloadTiersHost {
  readonly chain: ChainId;
  readonly storage: DurableObjectStorage;
  readonly store: ChainStore;
  readonly clock: () => number;
  readonly cluster: () => Promise<ClusterNodes | undefined>;
  readonly care: () => BlobCare;
  readonly writer: FlushWriter;
  /** How long payloads of this chain live. */
  readonly retentionMs: () => number;
  /** How old they are when they leave its rows, however few. */
  readonly hotAgeMs: number;
  readonly scheduleForget: (dueAt: number) => void;
}

/** Payloads, and handshakes, that one step of the expiry job drops. */
const EXPIRY_ROWS = 500;

/** Where a chain's payloads are as they age: in its rows, then at the cluster, then nowhere (`TI1`–`TI8`). */
export class PayloadTiers {
  readonly cold: ColdPayloads;
  readonly tombs: Tombs;
  readonly steps: Readonly<Record<TierJob, JobStep>>;
  readonly #host: PayloadTiersHost;
  readonly #segments: SegmentFlush;

  constructor(host: PayloadTiersHost) {
    this.#host = host;
    this.tombs = new Tombs({ ...host, schedule: host.scheduleForget });
    this.cold = new ColdPayloads(host);
    this.#segments = new SegmentFlush({ ...host, tombs: this.tombs });
    this.steps = {
      expiry: (now) => this.#expire(now),
      forget: (now) => this.tombs.step(now),
      lookup: (now) => this.#extendLookup(now),
      segments: (now) => this.#flushSegment(now),
    };
  }

  /** Ciphertext whose time is up. */
  #expire(now: number): number | undefined {
    const { payloads, handshakes, blobs } = this.#host.store;
    const dropped = payloads.dropExpired(now, EXPIRY_ROWS) + handshakes.dropExpired(now, EXPIRY_ROWS);
    const buried = this.tombs.buryExpired(now, (segments) => this.cold.forget(segments));
    if (dropped >= EXPIRY_ROWS || buried) return now;
    const nexts = [payloads, handshakes, blobs].map((store) => store.nextExpiry() ?? Infinity);
    const next = Math.min(...nexts);
    if (next < Infinity) return next;
    this.#host.writer.expiryEnded();
    return undefined;
  }

  /** The oldest payloads leave for the cluster. */
  async #flushSegment(now: number): Promise<number | undefined> {
    const next = await this.#segments.step(now);
    if (next === undefined) this.#host.writer.segmentsEnded();
    return next;
  }

  /** Payloads become findable by hash in batches; a full one means that more wait. */
  #extendLookup(now: number): number | undefined {
    return this.#host.store.payloads.extendLookup() === MAX_LOOKUP_LAG ? now : undefined;
  }
}
