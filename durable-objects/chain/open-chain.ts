import {
  accountFollowing,
  activeDevice,
  decideRun,
  encode,
  err,
  ok,
  type ChainId,
  type PolicyExecutor,
  type Result,
} from '../../core/index.ts';
import {
  AppendLimits,
  callsForRemovals,
  CallerLimits,
  configureHotAge,
  followsOthers,
  mayBeCold,
  mayReadAttachments,
  restoreHead,
  UploadLimits,
  type ChainHead,
  type CheckpointKey,
  type Answer,
  type ClusterNodes,
  type Flush,
  type RelayActor,
  type RelayRefusal,
} from '../../relay/index.ts';
import { AccessGate } from '../access/gate.ts';
import { JobScheduler } from '../jobs/index.ts';
import { ed25519Checker } from '../platform/ed25519.ts';
import { measureFlush } from '../metrics/isolate-measures.ts';
import { limitsOf, type RelayEnvironment } from '../platform/environment.ts';
import { reportJobFailure } from '../platform/incident.ts';
import { clusterOf, keeperOf, openedNodes } from '../platform/cluster.ts';
import { ChainAppends } from './appends.ts';
import { ChainAttachments, type KeptAttachment } from './attachments.ts';
import { ChainCallers } from './callers.ts';
import { BlobCare } from './care/blob-care.ts';
import type { CareJob } from './care/care-port.ts';
import { ChainLog } from './chain-log.ts';
import { Deliveries } from './deliveries.ts';
import { FollowedChains } from './followed-chains.ts';
import { FollowingGroups } from './following-groups.ts';
import { FlushWriter, type FlushJob } from './flush-writer.ts';
import { GroupInForce } from './group-in-force.ts';
import { HandshakeReads } from './handshake-reads.ts';
import { LiveReaders } from './live-readers.ts';
import { ChainReads } from './reads.ts';
import { Sequencer } from './sequencer.ts';
import { ChainSockets } from './sockets.ts';
import { StateReads } from './state-reads.ts';
import { ChainStore } from './store.ts';
import { PayloadTiers, type TierJob } from './tiers/payload-tiers.ts';

export interface OpenChainOptions {
  readonly ctx: DurableObjectState;
  readonly env: RelayEnvironment;
  readonly key: CheckpointKey;
  /** Public half of the key that signs claim tokens. */
  readonly claimTokenKey: Uint8Array;
  /** Who appends what the relay itself has to say. */
  readonly actor: RelayActor;
  readonly chain: ChainId;
  readonly clock: () => number;
  readonly cluster: () => Promise<ClusterNodes | undefined>;
  readonly policies: PolicyExecutor;
}

/** A founded chain in the memory of its object: its parts, and which of them tells which. */
export class OpenChain {
  readonly appends: ChainAppends;
  readonly attachments: ChainAttachments;
  readonly callers: ChainCallers;
  readonly care: BlobCare;
  readonly followed: FollowedChains;
  /** Undefined where the chain is a group, which nobody follows. */
  readonly followers: FollowingGroups | undefined;
  readonly gate: AccessGate;
  readonly handshakes: HandshakeReads;
  readonly jobs: JobScheduler<
    FlushJob | CareJob | TierJob | 'access' | 'accounts' | 'followers' | 'removals' | 'shares' | 'unopened' | 'uploads'
  >;
  readonly readers: LiveReaders;
  readonly reads: ChainReads;
  readonly sockets: ChainSockets;
  readonly states: StateReads;
  readonly #tiers: PayloadTiers;
  readonly #log: ChainLog;
  readonly #sequencer: Sequencer;
  readonly #store: ChainStore;
  readonly #writer: FlushWriter;

  constructor(options: OpenChainOptions) {
    const { ctx, clock, env, chain, actor } = options;
    const store = new ChainStore(ctx.storage);
    this.#store = store;
    this.#log = new ChainLog(store);
    const { hotAgeMs } = configureHotAge({ ...env });
    this.#writer = this.#keepFlushes(options, hotAgeMs);
    this.#tiers = this.#ageOut(options, hotAgeMs);
    const sequencer = this.#sequence(options);
    this.#sequencer = sequencer;
    this.followed = new FollowedChains({ env, chain, actor, sequencer, clock });
    this.followers = this.#followersOf(options);
    this.gate = this.#guard(options);
    this.reads = new ChainReads({ store, sequencer, cold: this.#tiers.cold, clock });
    this.states = new StateReads(sequencer, store.modules);
    const group = new GroupInForce(store, () => sequencer.head);
    this.handshakes = new HandshakeReads({ store, sequencer, clock, group });
    this.appends = this.#takeIn(options, group);
    this.sockets = this.#listen(options);
    this.readers = this.#readLive(options);
    const { gate, followed, reads, readers, appends } = this;
    this.callers = new ChainCallers({ head: () => this.head, gate, followed, reads, readers, appends });
    this.care = this.#lookAfterBlobs(options);
    this.attachments = this.#attach(options);
    this.jobs = this.#schedule(options);
  }

  get head(): ChainHead {
    return this.#sequencer.head;
  }

  get #retentionMs(): number {
    return this.head.state.value.genesis.retentionMs;
  }

  async readAttachment(actor: Uint8Array | undefined, hash: Uint8Array): Promise<Result<KeptAttachment, RelayRefusal>> {
    return mayReadAttachments(this.head.state, actor) ? this.attachments.find(hash) : err({ code: 'not-found' });
  }

  /** To an account's own devices (`NA17`): which groups they are in is nobody else's business. */
  following(actor: Uint8Array | undefined, size: number | undefined): Answer {
    const { state } = this.head;
    const isDevice = state.kind === 'identity' && actor !== undefined && activeDevice(state.value, actor) !== undefined;
    if (!isDevice || this.followers === undefined) return err({ code: 'not-found' });
    return ok(encode(accountFollowing, this.followers.following(size)));
  }

  #keepFlushes({ ctx, env }: OpenChainOptions, hotAgeMs: number): FlushWriter {
    return new FlushWriter({
      storage: ctx.storage,
      store: this.#store,
      schedule: (job, at) => this.jobs.schedule(job, at),
      hotAgeMs,
      isTiered: () => mayBeCold(this.#retentionMs) && openedNodes(env) !== undefined,
    });
  }

  #ageOut({ ctx, chain, clock, cluster }: OpenChainOptions, hotAgeMs: number): PayloadTiers {
    return new PayloadTiers({
      chain,
      clock,
      cluster,
      store: this.#store,
      storage: ctx.storage,
      care: () => this.care,
      writer: this.#writer,
      hotAgeMs,
      retentionMs: () => this.#retentionMs,
      scheduleForget: (at) => this.jobs.schedule('forget', at),
    });
  }

  #guard({ env, clock }: OpenChainOptions): AccessGate {
    return new AccessGate({
      store: this.#store.access,
      clock,
      limits: new CallerLimits(limitsOf(env)),
      scheduleSweep: (at) => this.jobs.schedule('access', at),
    });
  }

  #takeIn({ env, clock, claimTokenKey, actor }: OpenChainOptions, group: GroupInForce): ChainAppends {
    return new ChainAppends({
      group,
      log: this.#log,
      sequencer: this.#sequencer,
      quotes: this.reads,
      checkpointAt: (size) => this.reads.checkpointAt(size),
      check: ed25519Checker(),
      claimTokenKey,
      actor,
      followed: this.followed,
      limits: new AppendLimits(limitsOf(env)),
      clock,
    });
  }

  #followersOf({ env, chain }: OpenChainOptions): FollowingGroups | undefined {
    if (this.head.state.kind === 'group') return undefined;
    const checkpoint = (): string => this.#sequencer.checkpoint;
    return new FollowingGroups({ env, chain, store: this.#store.followers, log: this.#log, checkpoint });
  }

  #sequence({ ctx, env, key, clock, chain, policies }: OpenChainOptions): Sequencer {
    return new Sequencer({
      key,
      clock,
      log: this.#log,
      restoreHead: () => this.#restoreHead(chain),
      sync: () => ctx.storage.sync(),
      askPolicy: ({ state, events }) => decideRun(state, events, policies),
      write: (flush, previous) => this.#write(flush, previous, clock()),
      announce: (flush, checkpoint, previous) => this.readers.announce(flush, checkpoint, previous),
      written: (entries, ms) => measureFlush(env, entries, ms),
    });
  }

  #listen({ ctx, clock }: OpenChainOptions): ChainSockets {
    return new ChainSockets({
      ctx,
      clock,
      size: () => this.head.size,
      history: (actor, from) => this.callers.history(actor, from, this.head.size),
      barred: (actor) => this.reads.barred(actor),
      redeem: (ticket, origin) => this.gate.redeem(ticket, origin),
      append: (request, { key }) => this.appends.append(request, key),
      arrived: (member) => this.readers.arrived(member),
      scheduleSweep: (at) => this.jobs.schedule('unopened', at),
    });
  }

  #readLive({ env, chain, clock }: OpenChainOptions): LiveReaders {
    const { sockets, gate, followed } = this;
    return new LiveReaders({
      env,
      chain,
      clock,
      sockets,
      gate,
      followed,
      store: this.#store,
      writer: this.#writer,
      head: () => this.head,
      scheduleShares: (at) => this.jobs.schedule('shares', at),
    });
  }

  #attach({ ctx, env, chain, clock }: OpenChainOptions): ChainAttachments {
    const { blobs, uploads } = this.#store;
    return new ChainAttachments({
      chain,
      blobs,
      uploads,
      storage: ctx.storage,
      limits: new UploadLimits(limitsOf(env)),
      state: () => this.head.state,
      cluster: () => clusterOf(env),
      clock,
      begun: () => this.care.begun(),
      written: (id, missing) => this.care.written(id, missing),
      bury: (tombstone) => this.#tiers.tombs.bury(tombstone),
      scheduleSweep: (at) => this.jobs.schedule('uploads', at),
      scheduleExpiry: (at) => this.jobs.schedule('expiry', at),
    });
  }

  #lookAfterBlobs({ ctx, env, chain, clock }: OpenChainOptions): BlobCare {
    return new BlobCare({
      chain,
      storage: ctx.storage,
      store: this.#store,
      cluster: () => clusterOf(env),
      keeper: keeperOf(env),
      clock,
      schedule: (job, at) => this.jobs.schedule(job, at),
      tombs: this.#tiers.tombs,
    });
  }

  #schedule({ ctx, env, chain, clock }: OpenChainOptions): OpenChain['jobs'] {
    const deliveries = new Deliveries(env, this.#store, chain);
    const steps = {
      ...this.care.steps,
      ...this.#tiers.steps,
      access: (now: number) => this.gate.sweep(now),
      accounts: (now: number) => this.followed.introduce(now),
      followers: (now: number) => this.followers?.tell(now),
      removals: (now: number) => this.appends.proposeRemovals(now),
      unopened: (now: number) => this.sockets.sweep(now),
      uploads: (now: number) => this.attachments.sweep(now),
      shares: () => this.readers.tellShares(),
      welcomes: (now: number) => deliveries.deliverWelcomes(now),
      pokes: (now: number) => deliveries.deliverPokes(now),
    };
    return new JobScheduler(ctx.storage, steps, clock, {
      onFailure: reportJobFailure,
    });
  }

  #write(flush: Flush, previous: ChainHead, clock: number): void {
    const away = this.readers.awayFrom(flush);
    this.#writer.write(flush, previous, away, clock);
    this.#log.remember(flush);
    this.readers.written(away, clock);
    if (flush.head.state.kind !== 'group') this.jobs.schedule('followers', clock);
    else if (followsOthers(flush.head.state, previous.state)) this.jobs.schedule('accounts', clock);
    if (callsForRemovals(flush.head.state, previous.state)) this.jobs.schedule('removals', clock);
  }

  /** Snapshots are a cache: one that does not fit is passed over, and the log gives the same state again (`ST3`). */
  #restoreHead(chain: ChainId): ChainHead {
    const { snapshots, policyState } = this.#store;
    return restoreHead(chain, this.#log, snapshots.list(), policyState.read());
  }
}
