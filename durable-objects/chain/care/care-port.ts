import { HOUR_MS, toBase64Url, type ChainId } from '../../../core/index.ts';
import type { BlobReport, BlobToRepair, ClusterNodes } from '../../../relay/index.ts';
import { retryWait } from '../../jobs/index.ts';
import type { ChainStore } from '../store.ts';
import type { BlobRow } from '../store/blobs.ts';
import type { Tombs } from '../tiers/tombs.ts';

/** What a chain asks of the keeper of the cluster. */
export interface Keeper {
  report(chain: string, report: BlobReport): Promise<number>;
  take(bytes: number): Promise<number>;
}

export type CareJob = 'scrub' | 'repair' | 'leftovers' | 'report';

/** What looking after a chain's blobs needs. */
export interface CarePort {
  readonly chain: ChainId;
  readonly storage: DurableObjectStorage;
  readonly store: ChainStore;
  /** Undefined where the deployment has no cluster. */
  readonly cluster: () => Promise<ClusterNodes | undefined>;
  readonly keeper: Keeper;
  readonly clock: () => number;
  readonly schedule: (job: CareJob, at: number) => void;
  /** Deletes what is to be gone. Part of the caller's transaction. */
  readonly tombs: Pick<Tombs, 'bury' | 'hasten'>;
}

/** What is remembered from step to step. */
export interface CareState {
  /** The round of scrubbing that the keeper asked for, and the newest that is done. */
  readonly round: number;
  readonly doneRound: number;
  /** The next shard of the round that is under way: after the blob before it, in the order of ids. */
  readonly cursor: { readonly after: string; readonly shard: number };
  readonly repaired: number;
  readonly scrubbedBytes: number;
}

const STATE = 'blob-care';
export const START: CareState['cursor'] = { after: '', shard: 0 };
const NEW: CareState = { round: 0, doneRound: 0, cursor: START, repaired: 0, scrubbedBytes: 0 };

export function careState({ storage }: CarePort): CareState {
  return storage.kv.get<CareState>(STATE) ?? NEW;
}

export function changeCareState(port: CarePort, change: Partial<CareState>): void {
  port.storage.kv.put(STATE, { ...careState(port), ...change });
}

/** A row as a blob at the nodes. */
export function storedBlob(chain: ChainId, row: BlobRow): BlobToRepair {
  const { id, placement, writtenBy, descriptor, missing, expiresAt } = row;
  return { chain, id, placement, writtenBy, descriptor, missing, expiresAt };
}

/** Whether the blob is to be there: one whose time is up is left to its expiry. */
export function isKept(row: BlobRow | undefined, now: number): row is BlobRow {
  return row?.status === 'kept' && row.expiresAt > now;
}

/** Notes which shards of a blob are missing now, and whether it waits for its repair. Call it in a transaction of its own. */
export function setMissing({ store, schedule, clock }: CarePort, id: Uint8Array, missing: readonly number[]): void {
  store.blobs.setMissing(id, missing);
  if (missing.length === 0) store.repairs.remove(id);
  else {
    store.repairs.queue(id, clock());
    schedule('repair', clock());
  }
}

/** A node that is away is away for minutes or days. */
const RETRY = { firstMs: 30_000, longestMs: HOUR_MS };

export function retryAt(now: number, attempt: number): number {
  return now + retryWait(attempt, RETRY);
}

export function chainName({ chain }: CarePort): string {
  return toBase64Url(chain);
}
