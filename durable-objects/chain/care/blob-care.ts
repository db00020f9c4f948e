import { equalBytes, nodesFor } from '../../../core/index.ts';
import { parseShardPartKey, partCount, placementOfBlob, type ClusterNodes } from '../../../relay/index.ts';
import { forgetPlacements } from '../../platform/cluster.ts';
import { careState, changeCareState, isKept, setMissing, START, type CareJob, type CarePort } from './care-port.ts';
import { leftoverStep } from './leftover-step.ts';
import { repairStep } from './repair-step.ts';
import { reportStep } from './report-step.ts';
import { scrubStep } from './scrub-step.ts';

/** Changes of one chain are told together: the keeper hears from every chain of a deployment. */
const REPORT_DELAY_MS = 30_000;
/** A step may keep members from everything while it runs: at rest for nine times as long, a tenth of their rate is the most it takes. */
const REST_FACTOR = 9;
/** For so long after a request members count as there: they may still be reading what they were told of. */
const ATTENTION_MS = 30_000;
/** While another step is at work. */
const LOOK_AGAIN_MS = 1_000;
/** Nodes that let a step wait take nothing from members. */
const LONGEST_REST_MS = 15_000;

/**
 * Looks after what a chain has in the cluster: queues what is missing, makes it anew, reads everything in rounds, and moves it when
 * nodes change. All of it in jobs of the chain's object, whose rows are the truth.
 */
export class BlobCare {
  readonly steps: Readonly<Record<CareJob, (now: number) => Promise<number | undefined>>>;
  readonly #port: CarePort;
  #isWorking = false;
  #askedAt = -Infinity;
  #restsUntil = 0;

  constructor(port: CarePort) {
    this.#port = port;
    this.steps = {
      scrub: this.#paced(scrubStep),
      repair: this.#paced(repairStep),
      leftovers: this.#paced(leftoverStep),
      report: () => reportStep(port, forgetPlacements),
    };
  }

  /** A member asks something of this object. */
  asked(): void {
    this.#askedAt = this.#port.clock();
  }

  /** A blob is in the table: what it lacks is repaired, and the keeper hears of the chain. Part of the caller's transaction. */
  written(id: Uint8Array, missing: readonly number[]): void {
    const { clock, schedule, store } = this.#port;
    if (missing.length > 0) {
      store.repairs.queue(id, clock());
      schedule('repair', clock());
    }
    this.#tell();
  }

  /** Something will be written, and the keeper calls no node drained that it goes to (`CR5`): of a chain that it does not know it can't. */
  begun(): void {
    this.#tell();
  }

  /** Blobs have left the table. Part of the caller's transaction. */
  removed(): void {
    this.#port.schedule('report', this.#port.clock() + REPORT_DELAY_MS);
  }

  /** A read found these shards missing or damaged (`CR2`). What a reader says makes work, and no more than that: it is looked at first. */
  reportDamage(id: Uint8Array, shards: readonly number[]): void {
    const { clock, storage, store } = this.#port;
    const row = store.blobs.get(id);
    if (!isKept(row, clock())) return;
    const { totalShards } = row.descriptor.layout;
    const missing = [...new Set([...row.missing, ...shards])].filter((shard) => shard < totalShards);
    if (missing.length === row.missing.length) return;
    storage.transactionSync(() => {
      setMissing(
        this.#port,
        id,
        missing.sort((a, b) => a - b),
      );
      this.#port.schedule('report', clock() + REPORT_DELAY_MS);
    });
  }

  /** The keeper begins a round: everything is read, moved where it has to be, and tried again. */
  tend(round: number): void {
    const { clock, schedule, storage, store, tombs } = this.#port;
    // Whatever placement is known here may be the one before.
    forgetPlacements();
    storage.transactionSync(() => {
      const now = clock();
      if (careState(this.#port).round < round) changeCareState(this.#port, { round, cursor: START });
      store.repairs.hasten(now);
      store.leftovers.hasten(now);
      tombs.hasten();
      for (const job of ['scrub', 'repair', 'leftovers', 'report'] as const) schedule(job, now);
    });
  }

  /** Of keys that a node lists: those that belong to no blob of this chain, or lie where the blob does not (`CR7`). */
  async unknownShards(node: string, keys: readonly string[]): Promise<string[]> {
    const cluster = await this.#port.cluster();
    return cluster === undefined ? [] : keys.filter((key) => !this.#knows(cluster, node, key));
  }

  /**
   * One step at a time, and after each as much rest for all of them as leaves members their rate, however little the machine can do
   * (`CR8`): where there are any. Who has just had its turn comes after the others.
   */
  #paced(step: (port: CarePort, now: number) => Promise<number | undefined>) {
    const { clock } = this.#port;
    return async (now: number): Promise<number | undefined> => {
      const begun = clock();
      if (this.#isWorking) return begun + LOOK_AGAIN_MS;
      if (begun < this.#restsUntil) return this.#restsUntil;
      this.#isWorking = true;
      const next = await step(this.#port, now).finally(() => (this.#isWorking = false));
      const isAsked = clock() - this.#askedAt < ATTENTION_MS;
      const restMs = isAsked ? Math.min(LONGEST_REST_MS, REST_FACTOR * (clock() - begun)) : 0;
      this.#restsUntil = clock() + restMs;
      return next === undefined || restMs === 0 ? next : Math.max(next, this.#restsUntil + 1);
    };
  }

  /** At once where the keeper does not know this chain yet. */
  #tell(): void {
    const { clock, schedule } = this.#port;
    schedule('report', clock() + (careState(this.#port).round === 0 ? 0 : REPORT_DELAY_MS));
  }

  #knows(cluster: ClusterNodes, node: string, key: string): boolean {
    const { blobs, cut, leftovers, segments, tombstones } = this.#port.store;
    const place = parseShardPartKey(key);
    if (place === undefined || !equalBytes(place.chain, this.#port.chain)) return true;
    const { id, shard, part } = place;
    if (leftovers.has(id, node, shard) || blobs.isUploading(id) || tombstones.has(id)) return true;
    if (segments.intent !== undefined && equalBytes(segments.intent.blob, id)) return true;
    if (cut !== undefined && equalBytes(cut.blob, id)) return true;
    const row = blobs.get(id);
    if (row === undefined || (row.writtenBy ?? row.placement) !== place.placement) return false;
    const owner = nodesFor(placementOfBlob(cluster, row), id)[shard];
    return owner === node && part < partCount(row.descriptor.layout);
  }
}
