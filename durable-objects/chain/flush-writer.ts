import { MAX_RETENTION_MS, MAX_SEGMENT_BYTES, type AccountDevice } from '../../core/index.ts';
import {
  isSnapshotDue,
  newPolicyState,
  revokedBetween,
  snapshotOf,
  type ChainHead,
  type EpochChange,
  type Flush,
  type NewEntry,
  type NewProposal,
} from '../../relay/index.ts';
import { MAX_LOOKUP_LAG, type ChainStore, type PayloadRow } from './store.ts';

/** Work that a flush leaves for later. */
export type FlushJob = 'expiry' | 'lookup' | 'segments' | 'welcomes' | 'pokes';

/** A poke waits this long, so that a lively conversation becomes one. */
const POKE_DELAY_MS = 500;
/** Payloads between two extensions of the lookup by hash. */
const LOOKUP_STEP = MAX_LOOKUP_LAG / 2;

interface FlushWriterOptions {
  readonly storage: DurableObjectStorage;
  readonly store: ChainStore;
  readonly schedule: (job: FlushJob, dueAt: number) => void;
  /** Whether payloads of this chain go to a cluster (`TI2`). */
  readonly isTiered: () => boolean;
  readonly hotAgeMs: number;
}

/** Writes what a flush decided, in the one transaction that makes it true (`AP12`). */
export class FlushWriter {
  readonly #options: FlushWriterOptions;
  #isExpiryScheduled = false;
  #payloadsSinceLookup: number;
  #isSegmentScheduled = false;
  #bytesSinceSegment = 0;

  constructor(options: FlushWriterOptions) {
    this.#options = options;
    // Counted on from where the last life of this object left it, else a quiet chain's lookup would lag without bound.
    this.#payloadsSinceLookup = options.store.payloads.lookupLag();
  }

  write(flush: Flush, previous: ChainHead, away: readonly Uint8Array[], clock: number): void {
    const [isExpiryScheduled, payloadsSinceLookup] = [this.#isExpiryScheduled, this.#payloadsSinceLookup];
    const isSegmentScheduled = this.#isSegmentScheduled;
    try {
      this.#options.storage.transactionSync(() => this.#writeRows(flush, previous, away, clock));
    } catch (cause) {
      // The jobs went with the rows: who believed in them would never drop another payload.
      this.#isExpiryScheduled = isExpiryScheduled;
      this.#payloadsSinceLookup = payloadsSinceLookup;
      this.#isSegmentScheduled = isSegmentScheduled;
      throw cause;
    }
  }

  /** Pokes for members of whom it turned out later that they are away. */
  poke(away: readonly Uint8Array[], head: ChainHead, clock: number): void {
    if (away.length > 0) this.#options.storage.transactionSync(() => this.#writePokes(away, head, clock));
  }

  /** The expiry job has nothing left to wait for. */
  expiryEnded(): void {
    this.#isExpiryScheduled = false;
  }

  /** No hot payload waits for its segment. */
  segmentsEnded(): void {
    this.#isSegmentScheduled = false;
  }

  #writeRows({ head, entries }: Flush, previous: ChainHead, away: readonly Uint8Array[], clock: number): void {
    const { store } = this.#options;
    store.log.append(entries);
    this.#writePayloads(entries, clock);
    for (const { index, epochChange, proposal, module } of entries) {
      if (proposal !== undefined) this.#writeProposal(proposal);
      if (module !== undefined) store.modules.put(module);
      if (epochChange !== undefined) this.#writeEpoch(index, epochChange, clock);
    }
    if (away.length > 0) this.#writePokes(away, head, clock);
    for (const revoked of revokedBetween(previous.state, head.state)) this.#writeRevocation(revoked, clock);
    const left = newPolicyState(previous.state, head);
    if (left !== undefined) store.policyState.keep(left);
    if (isSnapshotDue(previous.size, head.size)) store.snapshots.save(snapshotOf(head));
  }

  #writePayloads(entries: readonly NewEntry[], clock: number): void {
    const rows = entries.flatMap(({ index, payload }): PayloadRow[] => (payload ? [{ index, ...payload }] : []));
    const [first] = rows;
    if (first === undefined) return;
    const { store, schedule } = this.#options;
    store.payloads.append(rows);
    // Rows expire in their order, so while the job has a time, later ones can't bring it forward.
    if (!this.#isExpiryScheduled) schedule('expiry', first.expiresAt);
    this.#isExpiryScheduled = true;
    if (this.#options.isTiered()) this.#scheduleSegment(rows, clock);
    this.#payloadsSinceLookup += rows.length;
    if (this.#payloadsSinceLookup < LOOKUP_STEP) return;
    this.#payloadsSinceLookup = 0;
    schedule('lookup', clock);
  }

  /** Two additions a flush, and a row where the first waits or a segment may be full (`TI1`). */
  #scheduleSegment(rows: readonly PayloadRow[], clock: number): void {
    for (const { bytes } of rows) this.#bytesSinceSegment += bytes.length;
    const isFull = this.#bytesSinceSegment >= MAX_SEGMENT_BYTES;
    if (isFull) this.#bytesSinceSegment = 0;
    const { schedule, hotAgeMs } = this.#options;
    if (isFull || !this.#isSegmentScheduled) schedule('segments', isFull ? clock : clock + hotAgeMs);
    this.#isSegmentScheduled = true;
  }

  /** Also where payloads of that age are gone: in force as long as the epoch is (`MB7`). */
  #writeProposal({ hash, bytes, epoch }: NewProposal): void {
    this.#options.store.handshakes.put({ hash, bytes, epoch, kind: 'proposal', expiresAt: null });
  }

  /**
   * GroupInfo and tree of this epoch and the one before stay in force. Older ones live as long as a payload, a tree that lets
   * nobody in not at all (`ML93`).
   */
  #writeEpoch(index: number, { epoch, groupInfo, tree, welcome }: EpochChange, clock: number): void {
    const { store, schedule } = this.#options;
    const retiredUntil = clock + MAX_RETENTION_MS;
    if (groupInfo !== undefined) store.handshakes.put({ ...groupInfo, epoch, kind: 'group-info', expiresAt: null });
    store.handshakes.retire('group-info', epoch - 1, retiredUntil);
    store.handshakes.retire('proposal', epoch, retiredUntil);
    const kind = welcome === undefined ? 'tree' : 'joiners-tree';
    if (tree !== undefined) store.handshakes.put({ ...tree, kind, epoch, expiresAt: null });
    store.handshakes.retire('joiners-tree', epoch - 1, retiredUntil);
    store.handshakes.drop('tree', epoch - 1);
    schedule('expiry', retiredUntil);
    if (welcome === undefined) return;
    store.outbox.enqueue({ index, kind: 'welcome', ...welcome, dueAt: clock, expiresAt: retiredUntil });
    schedule('welcomes', clock);
  }

  /** To the object of the device itself, and never given up: what it published must not be handed out (`NA14`). */
  #writeRevocation({ actor, until }: AccountDevice, clock: number): void {
    const { store, schedule } = this.#options;
    const expiresAt = Number.MAX_SAFE_INTEGER;
    const row = { index: until, kind: 'revocation', content: NOTHING, recipients: [actor] };
    store.outbox.enqueue({ ...row, dueAt: clock, expiresAt });
    schedule('welcomes', clock);
  }

  #writePokes(away: readonly Uint8Array[], head: ChainHead, clock: number): void {
    const dueAt = clock + POKE_DELAY_MS;
    this.#options.store.pokes.raise(away, { index: head.size - 1, dueAt, expiresAt: clock + MAX_RETENTION_MS });
    this.#options.schedule('pokes', dueAt);
  }
}

const NOTHING = new Uint8Array(0);
