import { drizzle } from 'drizzle-orm/durable-sqlite';
import { AccessStore } from '../access/store.ts';
import { BlobStore } from './store/blobs.ts';
import { FollowerStore } from './store/followers.ts';
import { HandshakeStore } from './store/handshakes.ts';
import { ModuleStore } from './store/modules.ts';
import { LogStore } from './store/log.ts';
import { OutboxStore } from './store/outbox.ts';
import { PayloadStore } from './store/payloads.ts';
import { PolicyStateStore } from './store/policy-state.ts';
import { PokeStore } from './store/pokes.ts';
import { LeftoverStore, RepairStore } from './store/repairs.ts';
import { SegmentStore } from './store/segments.ts';
import { ShareStore } from './store/shares.ts';
import { SnapshotStore } from './store/snapshots.ts';
import { UploadStore } from './store/uploads.ts';
import { TombstoneStore, type Tombstone } from './store/tombstones.ts';

export type { BlobKind, BlobRow, BlobStatus } from './store/blobs.ts';
export type { Handshake, HandshakeKind } from './store/handshakes.ts';
export type { LogPageQuery, LogPageRow, LogRow } from './store/log.ts';
export type { Delivery, DeliveryKey, NewDeliveries } from './store/outbox.ts';
export { MAX_LOOKUP_LAG, type PayloadRow } from './store/payloads.ts';
export type { Poke } from './store/pokes.ts';
export type { ColdPlace, Segment, SegmentIntent } from './store/segments.ts';
export { KEPT_SNAPSHOTS, MAX_SNAPSHOT_BYTES, SNAPSHOT_PART_BYTES, type Snapshot } from './store/snapshots.ts';
export type { Tombstone } from './store/tombstones.ts';

const CUT = 'blob-cut';

/**
 * A chain object's storage, a store a table. They keep and give back rows and decide nothing; what belongs together, the
 * caller writes in one `transactionSync`, since a throw does not undo the writes before it.
 */
export class ChainStore {
  readonly log: LogStore;
  readonly payloads: PayloadStore;
  readonly handshakes: HandshakeStore;
  readonly outbox: OutboxStore;
  readonly policyState: PolicyStateStore;
  readonly pokes: PokeStore;
  readonly shares: ShareStore;
  readonly followers: FollowerStore;
  readonly snapshots: SnapshotStore;
  readonly blobs: BlobStore;
  readonly repairs: RepairStore;
  readonly leftovers: LeftoverStore;
  readonly uploads: UploadStore;
  readonly modules: ModuleStore;
  readonly segments: SegmentStore;
  readonly tombstones: TombstoneStore;
  readonly access: AccessStore;
  readonly #kv: SyncKvStorage;

  /** Over migrated storage. */
  constructor(storage: DurableObjectStorage) {
    const { sql, kv } = storage;
    this.#kv = kv;
    const db = drizzle(storage);
    this.log = new LogStore(sql);
    this.payloads = new PayloadStore(sql);
    this.handshakes = new HandshakeStore(sql, db);
    this.outbox = new OutboxStore(sql);
    this.policyState = new PolicyStateStore(sql);
    this.pokes = new PokeStore(sql);
    this.shares = new ShareStore(sql);
    this.followers = new FollowerStore(sql);
    this.snapshots = new SnapshotStore(db);
    this.blobs = new BlobStore(db);
    this.repairs = new RepairStore(sql);
    this.leftovers = new LeftoverStore(sql);
    this.uploads = new UploadStore(db);
    this.modules = new ModuleStore(db);
    this.segments = new SegmentStore(sql);
    this.tombstones = new TombstoneStore(sql);
    this.access = new AccessStore(sql);
  }
  /** A copy of a blob that is being cut for another placement; there is never another. */
  get cut(): Tombstone | undefined {
    return this.#kv.get<Tombstone>(CUT);
  }

  set cut(cut: Tombstone | undefined) {
    if (cut === undefined) this.#kv.delete(CUT);
    else this.#kv.put(CUT, cut);
  }
}
