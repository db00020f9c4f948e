import { DurableObject } from 'cloudflare:workers';
import {
  encode,
  err,
  foundPlacement,
  ok,
  placementCodec,
  type ClusterStatus,
  type Placement,
  type Result,
} from '../../core/index.ts';
import {
  blobsToMove,
  configureRepairRate,
  placementFor,
  RepairBudget,
  replaceNode,
  type BlobReport,
  type Caller,
  type ClusterNodes,
  type ClusterState,
  type RelayRefusal,
} from '../../relay/index.ts';
import { clusterMigrations } from '../../migrations/index.ts';
import type { OpenedNodes } from '../../storage/index.ts';
import { NONCE_GRACE_MS, NonceRows } from '../access/nonces.ts';
import { JobScheduler } from '../jobs/index.ts';
import { applyMigrations } from '../migrate.ts';
import { openedNodes } from '../platform/cluster.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import { reportJobFailure } from '../platform/incident.ts';
import { OrphanScan } from './orphan-scan.ts';
import { Rounds, ROUND_PAUSE_MS } from './rounds.ts';
import { statusOf } from './status.ts';
import { ClusterStore } from './store.ts';

const SWEEP_NONCES = 500;
/** Until a node is drained, chains are asked again and again to move what they have there. */
const DRAIN_ROUND_MS = 30_000;
/** After a round that could not move everything to other numbers of shards. No node waits for it, so there is time. */
const MOVE_ROUND_MS = 600_000;

/**
 * A deployment's one keeper of its cluster: which node has which slot, what chains report of their blobs, and how fast all of
 * them together may repair. It knows no blob: these are the chains' own.
 */
export class ClusterObject extends DurableObject<RelayEnvironment> {
  /** ms since the Unix epoch; tests move it. */
  clock: () => number = () => Date.now();
  readonly #store: ClusterStore;
  readonly #nonces: NonceRows;
  readonly #rounds: Rounds;
  readonly #orphans: OrphanScan;
  readonly #jobs: JobScheduler<'round' | 'orphans' | 'nonces'>;
  readonly #nodes: OpenedNodes | undefined = openedNodes(this.env);
  #budget: RepairBudget | undefined;

  constructor(ctx: DurableObjectState, env: RelayEnvironment) {
    super(ctx, env);
    const { storage } = ctx;
    applyMigrations(storage, clusterMigrations);
    this.#store = new ClusterStore(storage.sql);
    this.#nonces = new NonceRows(storage.sql);
    this.#rounds = new Rounds(storage, this.#store, (chain, round) => this.#chain(chain).tendBlobs(round));
    this.#orphans = new OrphanScan({
      storage,
      store: this.#store,
      ask: (chain, node, keys) => this.#chain(chain).unknownShards(node, keys),
      nodes: () => this.#nodes?.configuration.nodes.map(({ name }) => name) ?? [],
    });
    this.#jobs = this.#schedule();
    this.#adopt();
    void ctx.blockConcurrencyWhile(() => this.#jobs.recover());
  }

  /** Every placement, encoded, the one in force last; none where there is no cluster. */
  placements(): Uint8Array[] {
    return this.#store.placements().map((placement) => encode(placementCodec, placement));
  }

  /** For chains: how their blobs lie. Answers with the number of the placement in force. */
  report(chain: string, report: BlobReport): number {
    this.#store.report(chain, report);
    if (this.#rounds.current.number === 0) this.#jobs.schedule('round', this.clock() + ROUND_PAUSE_MS);
    return this.#store.placements().at(-1)?.number ?? 0;
  }

  /** For chains: takes from what all repairs together may move, and says how many ms to wait after it (`CR8`). */
  take(bytes: number): number {
    const now = this.clock();
    this.#budget ??= new RepairBudget(configureRepairRate({ ...this.env }), now);
    return this.#budget.take(bytes, now);
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
    this.#beginRound();
    return ok(await this.#status(state.value));
  }

  /** For operators: has a spare take the node's place (`CR5`). */
  async replace(caller: Caller, node: string, replacement?: string): Promise<Result<ClusterStatus, RelayRefusal>> {
    const state = this.#admit(caller);
    if (!state.ok) return state;
    const next = replaceNode(state.value, node, replacement);
    if (!next.ok) return next;
    this.ctx.storage.transactionSync(() => {
      this.#store.addPlacement(next.value);
      this.#store.retire(node, next.value.number);
      this.#beginRound();
    });
    return ok(await this.#status(this.#state() as ClusterState));
  }

  override async alarm(): Promise<void> {
    await this.#jobs.run();
  }

  #schedule(): JobScheduler<'round' | 'orphans' | 'nonces'> {
    const steps = {
      round: (now: number) => this.#round(now),
      orphans: async (now: number) => {
        const cluster = this.#cluster();
        return cluster && (await this.#orphans.step(cluster, now));
      },
      nonces: (now: number) => {
        this.#nonces.dropExpired(now, SWEEP_NONCES);
        return this.#nonces.nextExpiry();
      },
    };
    return new JobScheduler(this.ctx.storage, steps, () => this.clock(), { onFailure: reportJobFailure });
  }

  /** The first placement, or the one that a changed configuration asks for (`CR4`). */
  #adopt(): void {
    if (this.#nodes === undefined) return;
    const state = this.#state();
    const next = state === undefined ? foundPlacement(this.#nodes.configuration.founding) : placementFor(state);
    if (next === undefined || next.number === state?.placement.number) return;
    this.ctx.storage.transactionSync(() => {
      this.#store.addPlacement(next);
      for (const name of state?.placement.slots ?? [])
        if (!next.slots.includes(name)) this.#store.retire(name, next.number);
      for (const name of next.slots) this.#store.reinstate(name);
      if (state !== undefined) this.#beginRound();
    });
  }

  #beginRound(): void {
    const now = this.clock();
    this.#rounds.begin(now);
    this.#orphans.begin();
    this.#jobs.schedule('round', now);
    this.#jobs.schedule('orphans', now);
  }

  async #round(now: number): Promise<number> {
    const { current } = this.#rounds;
    if (current.finishedAt !== undefined) {
      this.#beginRound();
      return now;
    }
    if (!(await this.#rounds.step(now))) return Rounds.lookAgainAt(now);
    if (!this.#settleDrains()) return now + DRAIN_ROUND_MS;
    return now + (this.#isMoving() ? MOVE_ROUND_MS : ROUND_PAUSE_MS);
  }

  /** Whether blobs are left that lie by an older placement: what could not be moved in this round, or came while it went on. */
  #isMoving(): boolean {
    const { number = 0 } = this.#store.placements().at(-1) ?? {};
    for (const report of this.#store.reports()) if (blobsToMove(report, number) > 0) return true;
    return false;
  }

  /** Whether every node that gave up its slot is drained: no chain that knows of it has a blob, or a leftover, there (`CR5`). */
  #settleDrains(): boolean {
    const draining = this.#store.retired().filter(({ state }) => state === 'draining');
    if (draining.length === 0) return true;
    const placements = this.#store.placements();
    const named = new Set<string>();
    let isKnown = true;
    for (const report of this.#store.reports()) {
      if (report.leftovers > 0 || report.placement < (placements.at(-1)?.number ?? 0)) isKnown = false;
      for (const { number, slots } of placements) {
        if ((report.placements[number] ?? 0) > 0) for (const name of slots) named.add(name);
      }
    }
    const drained = isKnown ? draining.filter(({ node }) => !named.has(node)) : [];
    for (const { node } of drained) this.#store.drained(node);
    return drained.length === draining.length;
  }

  /** Spends the request's nonce (`RQ5`), then says how things stand. */
  #admit(caller: Caller): Result<ClusterState, RelayRefusal> {
    const keepUntil = caller.expiresAt + NONCE_GRACE_MS;
    if (!this.#nonces.remember(caller.nonce, keepUntil)) return err({ code: 'nonce-replayed' });
    this.#jobs.schedule('nonces', keepUntil);
    const state = this.#state();
    return state === undefined ? err({ code: 'no-cluster' }) : ok(state);
  }

  #state(): ClusterState | undefined {
    const placement = this.#store.placements().at(-1);
    if (placement === undefined || this.#nodes === undefined) return undefined;
    const retired = new Map(this.#store.retired().map(({ node, state }) => [node, state]));
    return { placement, configuration: this.#nodes.configuration, retired };
  }

  #cluster(): ClusterNodes | undefined {
    const placements: Placement[] = this.#store.placements();
    return placements.length === 0 ? undefined : this.#nodes?.clusterWith(placements);
  }

  #status(state: ClusterState): Promise<ClusterStatus> {
    return statusOf({
      state,
      store: this.#store,
      cluster: this.#cluster() as ClusterNodes,
      rounds: this.#rounds,
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
