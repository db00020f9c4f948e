import { DurableObject } from 'cloudflare:workers';
import { DAY_MS, HOUR_MS, encode, err, ok, placementCodec, type ClusterStatus, type Result } from '../../core/index.ts';
import {
  configureRepairRate,
  RepairBudget,
  ROUND_PAUSE_MS,
  type BlobReport,
  type Caller,
  type ClusterState,
  type RelayRefusal,
} from '../../relay/index.ts';
import { clusterMigrations } from '../../migrations/index.ts';
import { NonceGate } from '../access/nonces.ts';
import { JobScheduler, retryWait } from '../jobs/index.ts';
import { applyMigrations } from '../migrate.ts';
import { openedNodes } from '../platform/cluster.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import { reportJobFailure } from '../platform/incident.ts';
import { NodeWatch } from './node-watch.ts';
import { OrphanScan } from './orphan-scan.ts';
import { Placements } from './placements.ts';
import { Rounds } from './rounds.ts';
import { statusOf } from './status.ts';
import { ClusterStore } from './store.ts';

/** Until a node is drained, chains are asked to move what they have there: again soon, and later the longer it takes, since each round reads everything. */
const DRAIN_ROUND = { firstMs: 30_000, longestMs: HOUR_MS };
/** From one look at what chains report to the next: a node may be drained without another round. */
const DRAIN_LOOK_MS = 30_000;
/** After a round that could not move everything to other numbers of shards. No node waits for it, so there is time. */
const MOVE_ROUND_MS = 600_000;
/** After a round that was over without some chain. */
const LEFT_OUT_ROUND_MS = DAY_MS;

/** Each look reads from every node, which some are paid for. */
const GLANCE_KEPT_MS = 60_000;

/** From one look at the nodes to the next where nobody asks. */
const WATCH_MS = HOUR_MS;
/** Least time between rounds that begin because a node lost what it had: one that always does would have everything read all the time. */
const LOSS_ROUND_MS = DAY_MS;

type KeeperJob = 'round' | 'orphans' | 'watch' | 'nonces';

/**
 * A deployment's one keeper of its cluster: which node has which slot, what chains report of their blobs, and how fast all of
 * them together may repair. It knows no blob: these are the chains' own.
 */
export class ClusterObject extends DurableObject<RelayEnvironment> {
  /** ms since the Unix epoch; tests move it. */
  clock: () => number = () => Date.now();
  readonly #store: ClusterStore;
  readonly #nonces: NonceGate;
  readonly #placements: Placements;
  readonly #rounds: Rounds;
  readonly #orphans: OrphanScan;
  readonly #watch: NodeWatch;
  readonly #jobs: JobScheduler<KeeperJob>;
  #budget: RepairBudget | undefined;
  #glanced: { readonly at: number; readonly status: ClusterStatus } | undefined;

  constructor(ctx: DurableObjectState, env: RelayEnvironment) {
    super(ctx, env);
    const { storage } = ctx;
    applyMigrations(storage, clusterMigrations);
    const store = new ClusterStore(storage);
    const nodes = openedNodes(env);
    this.#store = store;
    this.#nonces = new NonceGate(storage.sql, (dueAt) => this.#jobs.schedule('nonces', dueAt));
    this.#placements = new Placements({ storage, store, nodes, changed: () => this.#beginRound() });
    this.#rounds = new Rounds(storage, store, (chain, round) => this.#chain(chain).tendBlobs(round));
    this.#orphans = new OrphanScan({
      storage,
      store,
      ask: (chain, node, keys) => this.#chain(chain).unknownShards(node, keys),
      nodes: () => nodes?.configuration.nodes.map(({ name }) => name) ?? [],
      isAlone: (name, node) => this.#watch.isAlone(name, node),
    });
    this.#watch = new NodeWatch(storage, this.#rounds);
    this.#jobs = this.#schedule();
    this.#placements.adopt();
    void ctx.blockConcurrencyWhile(() => this.#jobs.recover());
  }

  /** Every placement, encoded, the one in force last; none where there is no cluster. */
  placements(): Uint8Array[] {
    return this.#store.placements().map((placement) => encode(placementCodec, placement));
  }

  /** For chains: how their blobs lie. Answers with the number of the placement in force. */
  report(chain: string, report: BlobReport): number {
    const now = this.clock();
    this.#store.report(chain, report);
    this.#jobs.schedule('watch', now + WATCH_MS);
    if (this.#rounds.current.number === 0) this.#jobs.schedule('round', now + ROUND_PAUSE_MS);
    return this.#placements.number;
  }

  /** For chains: takes from what all repairs together may move, and says how many ms to wait after it (`CR8`). */
  take(bytes: number): number {
    const now = this.clock();
    this.#budget ??= new RepairBudget(configureRepairRate({ ...this.env }), now);
    return this.#budget.take(bytes, now);
  }

  /** For metrics: how the cluster was within the last minute, so that nodes are not asked more often than that. */
  async glance(): Promise<ClusterStatus | undefined> {
    const [now, state] = [this.clock(), this.#placements.state];
    if (state === undefined) return undefined;
    const isFresh = this.#glanced !== undefined && Math.abs(now - this.#glanced.at) < GLANCE_KEPT_MS;
    this.#glanced = isFresh ? this.#glanced : { at: now, status: await this.#status(state) };
    return this.#glanced?.status;
  }

  /** For operators: how the cluster is. Asks every node. */
  async status(caller: Caller): Promise<Result<ClusterStatus, RelayRefusal>> {
    const state = this.#admit(caller);
    return state.ok ? ok(await this.#status(state.value)) : state;
  }

  /** For operators: begins a round of scrubbing at once. */
  async scrub(caller: Caller): Promise<Result<ClusterStatus, RelayRefusal>> {
    const state = this.#admit(caller);
    if (!state.ok) return state;
    const faults = await this.#look(state.value);
    this.#beginRound();
    return ok(this.#statusWith(state.value, faults));
  }

  /** For operators: has a spare take the node's place (`CR5`). */
  async replace(caller: Caller, node: string, replacement?: string): Promise<Result<ClusterStatus, RelayRefusal>> {
    const state = this.#admit(caller);
    const next = state.ok ? this.#placements.replace(state.value, node, replacement) : state;
    return next.ok ? ok(await this.#status(next.value)) : next;
  }

  override async alarm(): Promise<void> {
    await this.#jobs.run();
  }

  #schedule(): JobScheduler<KeeperJob> {
    const steps = {
      round: (now: number) => this.#round(now),
      orphans: async (now: number) => {
        const { cluster } = this.#placements;
        return cluster && (await this.#orphans.step(cluster, now));
      },
      watch: async (now: number) => {
        const { state } = this.#placements;
        if (state === undefined) return undefined;
        await this.#look(state);
        return now + WATCH_MS;
      },
      nonces: (now: number) => this.#nonces.sweep(now),
    };
    return new JobScheduler(this.ctx.storage, steps, () => this.clock(), { onFailure: reportJobFailure });
  }

  #beginRound(attempt = 0): void {
    const now = this.clock();
    this.#rounds.begin(now, attempt);
    this.#orphans.begin();
    this.#jobs.schedule('round', now);
    this.#jobs.schedule('orphans', now);
  }

  async #round(now: number): Promise<number> {
    // Chains that begin take their first step at once: no more of them while what others took is not paid (`CR8`).
    const owedMs = this.#rounds.current.finishedAt === undefined ? this.take(0) : 0;
    if (owedMs > 0) return now + owedMs;
    const isOver = await this.#rounds.step(now);
    // A chain that is not through may have nothing to do with the node.
    const isDrained = this.#placements.settleDrains();
    if (!isOver) return Rounds.lookAgainAt(now);
    const { finishedAt = now, attempt = 0 } = this.#rounds.current;
    const next = finishedAt + this.#pauseMs(isDrained, attempt, now);
    const lookAt = isDrained ? next : Math.min(next, now + DRAIN_LOOK_MS);
    if (next > now) return this.#rounds.askAgainAt(now, lookAt);
    this.#beginRound(isDrained ? 0 : attempt + 1);
    return now;
  }

  /** What waits for a chain that is left out is done by no other round: all others would be read again and again for it. */
  #pauseMs(isDrained: boolean, attempt: number, now: number): number {
    const leastMs = this.#rounds.countLeftOut(now) > 0 ? LEFT_OUT_ROUND_MS : 0;
    if (!isDrained) return Math.max(leastMs, retryWait(attempt, DRAIN_ROUND));
    return this.#placements.isMoving ? Math.max(leastMs, MOVE_ROUND_MS) : ROUND_PAUSE_MS;
  }

  /** Spends the request's nonce (`RQ5`), then says how things stand. */
  #admit(caller: Caller): Result<ClusterState, RelayRefusal> {
    const refusal = this.#nonces.refusalOf(caller);
    if (refusal !== undefined) return err(refusal);
    const { state } = this.#placements;
    return state === undefined ? err({ code: 'no-cluster' }) : ok(state);
  }

  /** Looks at every node, and has all be read where one has lost what it had (`CR12`). Returns those that are down, and why. */
  async #look({ configuration }: ClusterState): Promise<ReadonlyMap<string, string>> {
    const now = this.clock();
    const faults = new Map<string, string>();
    const names = configuration.nodes.map(({ name }) => name);
    await Promise.all(
      names.map(async (name) => {
        const node = this.#placements.cluster?.node(name);
        const fault = node === undefined ? undefined : await this.#watch.look(name, node, now);
        if (fault !== undefined) faults.set(name, fault);
      }),
    );
    const { startedAt, finishedAt } = this.#rounds.current;
    const mayBegin = finishedAt !== undefined && startedAt + LOSS_ROUND_MS <= now;
    if (mayBegin && names.some((name) => this.#watch.isLosing(name))) this.#beginRound();
    return faults;
  }

  async #status(state: ClusterState): Promise<ClusterStatus> {
    return this.#statusWith(state, await this.#look(state));
  }

  #statusWith(state: ClusterState, faults: ReadonlyMap<string, string>): ClusterStatus {
    return statusOf({
      state,
      store: this.#store,
      rounds: this.#rounds,
      watch: this.#watch,
      now: this.clock(),
      faults,
      repairBytesPerSecond: configureRepairRate({ ...this.env }),
    });
  }

  #chain(chain: string): TendedChain {
    return this.env.CHAIN.getByName(chain);
  }
}

/** What the cluster asks of a chain's object. */
interface TendedChain {
  tendBlobs(round: number): Promise<void>;
  unknownShards(node: string, keys: readonly string[]): Promise<string[]>;
}
