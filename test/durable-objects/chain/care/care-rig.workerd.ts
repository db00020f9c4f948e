import { nodesFor, toBase64Url, type ObjectKey, type Placement } from '../../../../core/index.ts';
import { BlobCare } from '../../../../durable-objects/chain/care/blob-care.ts';
import { storedBlob, type CareJob, type Keeper } from '../../../../durable-objects/chain/care/care-port.ts';
import { Tombs } from '../../../../durable-objects/chain/tiers/tombs.ts';
import { ChainStore, type BlobRow } from '../../../../durable-objects/chain/store.ts';
import { applyMigrations } from '../../../../durable-objects/migrate.ts';
import { chainMigrations } from '../../../../migrations/index.ts';
import {
  goodShards,
  readBlobRange,
  shardPartKey,
  writeBlob,
  type BlobReport,
  type ClusterNodes,
  type NodeResult,
  type StorageNode,
} from '../../../../relay/index.ts';
import { freshObject, withStorage } from '../../storage-of.ts';
import { CHAIN, DAY_MS, newId, type TestNode } from '../../../relay/cluster/test-cluster.ts';
import { bucketNode, TestCluster } from '../../../relay/cluster/test-cluster.workerd.ts';

/** Steps of one run; more would mean that it goes in a circle. */
const MOST_STEPS = 500;

/** Where the object dies: at the step of this number, of those that were passed since it was armed. */
export class Death {
  readonly passed: string[] = [];
  readonly #at: number;
  #announce = (): void => undefined;
  readonly came = new Promise<'died'>((resolve) => (this.#announce = () => resolve('died')));

  constructor(at: number) {
    this.#at = at;
  }

  get hasCome(): boolean {
    return this.passed.length > this.#at;
  }

  async pass(name: string): Promise<void> {
    if (this.hasCome) return new Promise(() => undefined);
    this.passed.push(name);
    if (this.passed.length <= this.#at) return;
    this.#announce();
    return new Promise(() => undefined);
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
  death: Death | undefined;
  care: BlobCare;
  readonly #storage: DurableObjectStorage;
  #jobs = new Map<CareJob | 'tombs', number>();
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
  }

  /** As when an object wakes: nothing but its storage is left. */
  restart(): void {
    this.death = undefined;
    this.#tombs = this.#openTombs();
    this.care = this.#open();
    this.#jobs.set('tombs', this.now);
    // The scheduler keeps its jobs in rows, of which a step that was cut off is still one.
    for (const job of ['scrub', 'repair', 'leftovers', 'report'] as const) this.#jobs.set(job, this.now);
  }

  get nodesNow(): ClusterNodes {
    const { cluster, placements } = this;
    return {
      placement: placements.at(-1) as Placement,
      placementOf: (number) => placements.find((placement) => placement.number === number),
      node: (name) => this.#node(name),
      code: (parameters) => cluster.code(parameters),
      readTimes: cluster.readTimes,
      clock: () => this.now,
      startTimer: (ms) => cluster.startTimer(ms),
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

  /** Does what is due until nothing is, or the object dies. */
  async run(): Promise<void> {
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const due = [...this.#jobs].find(([, at]) => at <= this.now);
      if (due === undefined) return;
      const [job] = due;
      this.#jobs.delete(job);
      const step = job === 'tombs' ? this.#tombs.step(this.now) : this.care.steps[job](this.now);
      const next = await (this.death === undefined ? step : Promise.race([step, this.death.came]));
      if (next === 'died') return;
      if (next !== undefined) this.#schedule(job, next);
    }
    throw new Error('it never ends');
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

  #open(): BlobCare {
    this.#jobs = new Map();
    const keeper: Keeper = {
      report: async (_, report) => {
        this.reports.push(report);
        return this.placements.length;
      },
      take: async () => 0,
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

  #schedule(job: CareJob | 'tombs', at: number): void {
    this.#jobs.set(job, Math.min(at, this.#jobs.get(job) ?? Infinity));
  }

  /** Every call of a node is a step at which the object may die: before it, or when it is done and nobody heard of it. */
  #node(name: string): StorageNode | undefined {
    const node = this.nodes.get(name);
    const { death } = this;
    if (node === undefined || death === undefined) return node;
    const mortal = async <T>(call: string, work: () => Promise<NodeResult<T>>): Promise<NodeResult<T>> => {
      await death.pass(`before ${call}`);
      const result = await work();
      await death.pass(`after ${call}`);
      return result;
    };
    const asked = (key: ObjectKey): string => key.split('/').slice(3).join('/');
    return {
      put: (key, object) => mortal(`putting ${asked(key)} at ${name}`, () => node.put(key, object)),
      delete: (key) => mortal(`deleting ${asked(key)} at ${name}`, () => node.delete(key)),
      get: (key) => node.get(key),
      getRange: (key, range) => node.getRange(key, range),
      head: (key) => node.head(key),
      list: (page) => node.list(page),
    };
  }
}

/** On storage that no other test has. */
export function withRig(use: (rig: CareRig) => Promise<void>): Promise<void> {
  return withStorage(freshObject('CHAIN'), (storage) => use(new CareRig(storage)));
}
