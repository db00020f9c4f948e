import {
  contentDigest,
  DAY_MS,
  nodesFor,
  sha256,
  toBase64Url,
  type ObjectKey,
  type Placement,
} from '../../../../core/index.ts';
import { ChainAttachments } from '../../../../durable-objects/chain/attachments.ts';
import { BlobCare } from '../../../../durable-objects/chain/care/blob-care.ts';
import { storedBlob, type Keeper } from '../../../../durable-objects/chain/care/care-port.ts';
import { SegmentFlush } from '../../../../durable-objects/chain/tiers/segment-flush.ts';
import { Tombs } from '../../../../durable-objects/chain/tiers/tombs.ts';
import { ChainStore, type BlobRow } from '../../../../durable-objects/chain/store.ts';
import { applyMigrations } from '../../../../durable-objects/migrate.ts';
import { chainMigrations } from '../../../../migrations/index.ts';
import {
  configureLimits,
  goodShards,
  HOT_AGE_MS,
  readBlobRange,
  shardPartKey,
  UploadLimits,
  writeBlob,
  type BlobReport,
  type ClusterNodes,
  type NodeResult,
  type StorageNode,
  type Timer,
} from '../../../../relay/index.ts';
import { actorNamed, LogBuilder } from '../../../../scripts/vectors/log-builder.ts';
import { UploadTaker } from '../../../../workers/relay/take-upload.ts';
import { valueOf } from '../../../contracts/storage-node.ts';
import { freshObject, withStorage } from '../../storage-of.ts';
import { CHAIN, newId, someBytes, type TestNode } from '../../../relay/cluster/test-cluster.ts';
import { bucketNode, TestCluster } from '../../../relay/cluster/test-cluster.workerd.ts';

/** What is done for a chain's blobs later. */
const JOBS = ['expiry', 'segments', 'uploads', 'tombs', 'scrub', 'repair', 'leftovers', 'report'] as const;
type RigJob = (typeof JOBS)[number];

export const ALICE = actorNamed('alice');
/** In which Alice may bring attachments. */
const GROUP = new LogBuilder(ALICE).state;
const RETENTION_MS = 30 * DAY_MS;

/** Steps of one run; more would mean that it goes in a circle. */
const MOST_STEPS = 500;

/** Where whoever is at work dies: at the step of this number, of those that were passed since it was armed, or at the first so named. */
export class Death {
  readonly passed: string[] = [];
  readonly #isAt: (step: string, number: number) => boolean;
  #announce = (): void => undefined;
  readonly came = new Promise<'died'>((resolve) => (this.#announce = () => resolve('died')));

  hasCome = false;

  constructor(at: number | RegExp) {
    this.#isAt = (step, number) => (typeof at === 'number' ? number === at : at.test(step));
  }

  async pass(step: string): Promise<void> {
    await this.ifAlive();
    const number = this.passed.push(step) - 1;
    if (!this.#isAt(step, number)) return;
    this.hasCome = true;
    this.#announce();
    await this.ifAlive();
  }

  /** The dead do nothing any more: what they wait for never comes. */
  async ifAlive(): Promise<void> {
    if (this.hasCome) await new Promise<never>(() => undefined);
  }

  /** Has it done, unless it comes first. */
  async survives(work: Promise<unknown>): Promise<boolean> {
    return (await Promise.race([work, this.came])) !== 'died' && !this.hasCome;
  }
}

/** A chain's blobs on real nodes, one of them a spare, and what looks after them, on an object's real storage. */
export class CareRig {
  readonly store: ChainStore;
  readonly cluster: TestCluster;
  readonly placements: Placement[];
  readonly reports: BlobReport[] = [];
  readonly nodes = new Map<string, TestNode>();
  now = Date.now();
  /** What all repairs together have taken, and how long each that takes is to wait. */
  taken = 0;
  waitMs = 0;
  death: Death | undefined;
  care: BlobCare;
  readonly #storage: DurableObjectStorage;
  attachments: ChainAttachments;
  #jobs = new Map<RigJob, number>();
  readonly #sent = new Set<Promise<unknown>>();
  #segments: SegmentFlush;
  #tombs: Tombs;

  constructor(storage: DurableObjectStorage, dataShards = 4, totalShards = 6) {
    applyMigrations(storage, chainMigrations);
    this.#storage = storage;
    this.store = new ChainStore(storage);
    this.cluster = new TestCluster(dataShards, totalShards);
    this.placements = [this.cluster.placement];
    for (const [index, node] of this.cluster.nodes.entries()) this.nodes.set(`n${index}`, node);
    this.nodes.set('spare', bucketNode(`spare-${toBase64Url(newId())}/`));
    this.#tombs = this.#openTombs();
    this.care = this.#open();
    this.#segments = this.#openSegments();
    this.attachments = this.#openAttachments();
  }

  /** As when an object wakes: nothing but its storage is left, and what was sent to nodes has arrived. */
  async restart(): Promise<void> {
    this.death = undefined;
    await Promise.allSettled(this.#sent);
    this.#sent.clear();
    this.#tombs = this.#openTombs();
    this.care = this.#open();
    this.#segments = this.#openSegments();
    this.attachments = this.#openAttachments();
    // The scheduler keeps its jobs in rows, of which a step that was cut off is still one.
    for (const job of JOBS) this.#jobs.set(job, this.now);
  }

  get nodesNow(): ClusterNodes {
    const { cluster, placements } = this;
    return {
      placement: placements.at(-1) as Placement,
      placementOf: (number) => placements.find((placement) => placement.number === number),
      node: (name) => this.#node(name),
      code: (parameters) => cluster.code(parameters),
      readTimes: cluster.readTimes,
      memory: cluster.memory,
      clock: () => this.now,
      startTimer: (ms) => this.#startTimer(ms),
    };
  }

  /** The spare takes the place of a node. */
  replace(node: string): void {
    const { number, slots, ...rest } = this.placements.at(-1) as Placement;
    const replaced = slots.map((name) => (name === node ? 'spare' : name));
    this.placements.push({ ...rest, number: number + 1, slots: replaced });
  }

  /** The configuration has other numbers: these nodes, of which so many hold data. */
  reshape(dataShards: number, nodes: readonly string[]): void {
    const { version, number } = this.placements.at(-1) as Placement;
    this.placements.push({ version, number: number + 1, dataShards, slots: [...nodes] });
  }

  async write(bytes: Uint8Array): Promise<BlobRow> {
    const id = newId();
    const expiresAt = this.now + 30 * DAY_MS;
    const written = await writeBlob(this.nodesNow, { chain: CHAIN, id, blobBytes: bytes.length, expiresAt }, [bytes]);
    if (!written.ok) throw new Error(JSON.stringify(written.error));
    const { descriptor, placement, missing } = written.value;
    const row: BlobRow = {
      id,
      kind: 'attachment',
      hash: newId(),
      size: bytes.length,
      descriptor,
      placement,
      missing,
      expiresAt,
      status: 'kept',
    };
    this.store.blobs.add(row);
    this.care.written(id, missing);
    return row;
  }

  row(id: Uint8Array): BlobRow {
    const row = this.store.blobs.get(id);
    if (row === undefined) throw new Error('there is no such row');
    return row;
  }

  /** The row of the same bytes, which are another blob once they were cut again. */
  successor({ hash }: Pick<BlobRow, 'hash'>): BlobRow {
    const row = this.store.blobs.find('attachment', hash, this.now);
    if (row === undefined) throw new Error('there is no such blob any more');
    return row;
  }

  async read(id: Uint8Array): Promise<Uint8Array | string> {
    const row = this.row(id);
    const read = await readBlobRange(this.nodesNow, storedBlob(CHAIN, row), { start: 0, end: row.size });
    return read.ok ? read.value : read.error.code;
  }

  good(id: Uint8Array): Promise<readonly number[]> {
    return goodShards(this.nodesNow, storedBlob(CHAIN, this.row(id)));
  }

  /** The node that has a shard now, by its name. */
  holder(id: Uint8Array, shard: number): string {
    const { placement } = this.row(id);
    return nodesFor(this.placements.find(({ number }) => number === placement) as Placement, id)[shard] as string;
  }

  async take(id: Uint8Array, shard: number): Promise<void> {
    const key = shardPartKey({ ...storedBlob(CHAIN, this.row(id)), shard, part: 0 });
    await this.nodes.get(this.holder(id, shard))?.node.delete(key);
  }

  /** Payloads of the first entries, old enough to leave. */
  hold(count: number): readonly Uint8Array[] {
    const payloads = Array.from({ length: count }, (_, index) => someBytes(700, index + 1));
    const expiresAt = this.now - HOT_AGE_MS + RETENTION_MS;
    this.store.payloads.append(payloads.map((bytes, index) => ({ index, hash: sha256(bytes), bytes, expiresAt })));
    this.#schedule('segments', this.now);
    this.#schedule('expiry', expiresAt);
    return payloads;
  }

  /** The payload of an entry, wherever it is. */
  async payload(index: number): Promise<Uint8Array | string> {
    const found = this.store.segments.placeOf(index);
    if (found === undefined) return this.store.payloads.read(index, this.now) ?? 'nothing';
    const read = await readBlobRange(this.nodesNow, storedBlob(CHAIN, this.row(found.segment.blob)), found.place);
    return read.ok ? read.value : read.error.code;
  }

  /** As a client that brings an attachment: from its beginning, or from where it was cut off. */
  async upload(bytes: Uint8Array, offset = 0): Promise<unknown> {
    const key = { hash: sha256(bytes), actor: ALICE.key };
    const { attachments } = this;
    const turn = await (offset === 0 ? attachments.begin(key, bytes.length) : attachments.resume(key, offset));
    if (!turn.ok) return turn.error;
    const taker = new UploadTaker(turn.value, this.nodesNow, {
      noteRow: (of, row) => this.#mortally('noting a row', async () => attachments.noteRow(of, row)),
      finishUpload: (of, written) => this.#mortally('keeping it', async () => attachments.finish(of, written)),
      dropUpload: async (of) => attachments.drop(of),
    });
    const sent = bytes.slice(offset);
    const taken = await taker.take({ bytes: new Response(sent).body, digest: contentDigest(sent) });
    return taken.ok ? taken.value.kind : taken.error;
  }

  /** Does what is due until nothing is, or whoever does it dies. */
  async run(): Promise<void> {
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const due = [...this.#jobs].find(([, at]) => at <= this.now);
      if (due === undefined) return;
      const [job] = due;
      this.#jobs.delete(job);
      const { death } = this;
      const step = this.step(job);
      if (death !== undefined && !(await death.survives(step))) return;
      const next = await step;
      if (next !== undefined) this.#schedule(job, next);
    }
    throw new Error('it never ends');
  }

  /** The alarm of the expiry comes. */
  expire(): void {
    this.#schedule('expiry', this.now);
  }

  /** Everything that all nodes have. */
  async objects(): Promise<{ readonly name: string; readonly key: ObjectKey }[]> {
    const listed = [...this.nodes].map(async ([name, node]) =>
      (await node.keys()).map((key) => ({ name, key: key as ObjectKey })),
    );
    return (await Promise.all(listed)).flat();
  }

  /** When the objects at all nodes expire. */
  async expiries(): Promise<ReadonlySet<number>> {
    const found = (await this.objects()).map(async ({ name, key }) => valueOf(await this.nodes.get(name)!.head(key)));
    return new Set((await Promise.all(found)).map(({ expiresAt }) => expiresAt));
  }

  /** Keys at all nodes that belong to nothing. */
  async orphans(): Promise<string[]> {
    const found: string[] = [];
    for (const [name, node] of this.nodes) {
      const unknown = await this.care.unknownShards(name, await node.keys());
      found.push(...unknown.map((key) => `${name} ${key}`));
    }
    return found;
  }

  /** One step of a job, due or not. */
  async step(job: RigJob): Promise<number | undefined> {
    await this.death?.pass(`before ${job}`);
    switch (job) {
      case 'tombs':
        return this.#tombs.step(this.now);
      case 'segments':
        return this.#segments.step(this.now);
      case 'uploads':
        return this.attachments.sweep(this.now);
      case 'expiry':
        this.store.payloads.dropExpired(this.now, MOST_STEPS);
        this.#tombs.buryExpired(this.now, () => undefined);
        return this.store.blobs.nextExpiry();
      default:
        return this.care.steps[job](this.now);
    }
  }

  #open(): BlobCare {
    this.#jobs = new Map();
    const keeper: Keeper = {
      report: (_, report) =>
        this.#mortally('reporting', async () => {
          this.reports.push(report);
          return this.placements.length;
        }),
      take: (bytes) =>
        this.#mortally('asking how fast', async () => {
          this.taken += bytes;
          return this.waitMs;
        }),
    };
    return new BlobCare({
      chain: CHAIN,
      storage: this.#storage,
      store: this.store,
      cluster: async () => this.nodesNow,
      keeper,
      clock: () => this.now,
      schedule: (job, at) => this.#schedule(job, at),
      tombs: this.#tombs,
    });
  }

  #openTombs(): Tombs {
    return new Tombs({
      chain: CHAIN,
      storage: this.#storage,
      store: this.store,
      cluster: async () => this.nodesNow,
      care: () => this.care,
      clock: () => this.now,
      schedule: (at) => this.#schedule('tombs', at),
    });
  }

  #openSegments(): SegmentFlush {
    return new SegmentFlush({
      chain: CHAIN,
      storage: this.#storage,
      store: this.store,
      cluster: async () => this.nodesNow,
      care: () => this.care,
      tombs: this.#tombs,
      retentionMs: () => RETENTION_MS,
      hotAgeMs: HOT_AGE_MS,
    });
  }

  #openAttachments(): ChainAttachments {
    return new ChainAttachments({
      chain: CHAIN,
      storage: this.#storage,
      blobs: this.store.blobs,
      uploads: this.store.uploads,
      limits: new UploadLimits(configureLimits({}).limits),
      state: () => GROUP,
      cluster: async () => this.nodesNow,
      clock: () => this.now,
      begun: () => this.care.begun(),
      written: (id, missing) => this.care.written(id, missing),
      bury: (tombstone) => this.#tombs.bury(tombstone),
      scheduleSweep: (at) => this.#schedule('uploads', at),
      scheduleExpiry: (at) => this.#schedule('expiry', at),
    });
  }

  /** A step at which whoever is at work may die: before it, or when it is done and nobody heard of it. */
  async #mortally<T>(step: string, work: () => Promise<T>): Promise<T> {
    const { death } = this;
    await death?.pass(`before ${step}`);
    const sent = work();
    this.#sent.add(sent);
    const result = await sent;
    await death?.pass(`after ${step}`);
    return result;
  }

  /** Nobody is there any more for one that ends after a death. */
  #startTimer(ms: number): Timer {
    const { death } = this;
    const timer = this.cluster.startTimer(ms);
    return death === undefined ? timer : { ...timer, over: timer.over.then(() => death.ifAlive()) };
  }

  #schedule(job: RigJob, at: number): void {
    this.#jobs.set(job, Math.min(at, this.#jobs.get(job) ?? Infinity));
  }

  /** Every put and delete is a step; what is read has no effect, and is nothing to the dead. */
  #node(name: string): StorageNode | undefined {
    const node = this.nodes.get(name);
    const { death } = this;
    if (node === undefined || death === undefined) return node;
    const alive = async <T>(work: () => Promise<NodeResult<T>>): Promise<NodeResult<T>> => {
      await death.ifAlive();
      const result = await work();
      await death.ifAlive();
      return result;
    };
    const asked = (key: ObjectKey): string => key.split('/').slice(3).join('/');
    return {
      put: (key, object) => this.#mortally(`putting ${asked(key)} at ${name}`, () => node.put(key, object)),
      delete: (key) => this.#mortally(`deleting ${asked(key)} at ${name}`, () => node.delete(key)),
      get: (key) => alive(() => node.get(key)),
      getRange: (key, range) => alive(() => node.getRange(key, range)),
      head: (key) => alive(() => node.head(key)),
      list: (page) => alive(() => node.list(page)),
    };
  }
}

/** On storage that no other test has. */
export function withRig(use: (rig: CareRig) => Promise<void>): Promise<void> {
  return withStorage(freshObject('CHAIN'), (storage) => use(new CareRig(storage)));
}
