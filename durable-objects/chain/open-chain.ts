import {
  accountFollowing,
  activeDevice,
  decideRun,
  encode,
  err,
  fromBase64Url,
  MAX_STREAM_SOCKETS,
  ok,
  toBase64Url,
  type ChainId,
  type ChainState,
  type PolicyExecutor,
  type Result,
} from '../../core/index.ts';
import {
  AppendLimits,
  Audience,
  callsForRemovals,
  CallerLimits,
  configureHotAge,
  mayBeCold,
  mayReadAttachments,
  restoreHead,
  UploadLimits,
  type ChainHead,
  type CheckpointKey,
  type Answer,
  type ClusterNodes,
  type Flush,
  type ReaderChange,
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
import { BlobCare } from './care/blob-care.ts';
import type { CareJob } from './care/care-port.ts';
import { ChainLog } from './chain-log.ts';
import { Deliveries } from './deliveries.ts';
import { FollowedChains } from './followed-chains.ts';
import { FollowingGroups } from './following-groups.ts';
import { FlushWriter, type FlushJob } from './flush-writer.ts';
import { passageOf, type Passage } from './passage.ts';
import type { HistoryPage } from '../sockets/stream-sockets.ts';
import { ChainReads } from './reads.ts';
import { Sequencer } from './sequencer.ts';
import { ChainShares } from './shares.ts';
import { ChainSockets } from './sockets.ts';
import { ChainStore, MAX_LOOKUP_LAG } from './store.ts';
import { ColdPayloads } from './tiers/cold-payloads.ts';
import { SegmentFlush } from './tiers/segment-flush.ts';
import { Tombs } from './tiers/tombs.ts';

/** Payloads, and handshakes, that one step of the expiry job drops. */
const EXPIRY_ROWS = 500;
/** Within this time of a flush, each share has been told of it once more, and has told who reads there. */
const SHARES_TOLD_WITHIN_MS = 30_000;
const SHARE_RETRY_MS = 1_000;

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
  readonly care: BlobCare;
  readonly followed: FollowedChains;
  /** Undefined where the chain is a group, which nobody follows. */
  readonly followers: FollowingGroups | undefined;
  readonly gate: AccessGate;
  readonly jobs: JobScheduler<
    FlushJob | CareJob | 'access' | 'accounts' | 'followers' | 'forget' | 'removals' | 'shares' | 'unopened' | 'uploads'
  >;
  readonly reads: ChainReads;
  readonly sockets: ChainSockets;
  readonly shares: ChainShares;
  readonly #audience = new Audience();
  readonly #cold: ColdPayloads;
  readonly #segments: SegmentFlush;
  readonly #tombs: Tombs;
  readonly #log: ChainLog;
  readonly #sequencer: Sequencer;
  readonly #store: ChainStore;
  readonly #writer: FlushWriter;

  constructor(options: OpenChainOptions) {
    const { ctx, clock, env, chain, claimTokenKey, actor } = options;
    const limits = limitsOf(env);
    const { hotAgeMs } = configureHotAge({ ...env });
    const store = new ChainStore(ctx.storage);
    this.#store = store;
    this.#log = new ChainLog(store);
    this.#writer = new FlushWriter({
      storage: ctx.storage,
      store,
      schedule: (job, at) => this.jobs.schedule(job, at),
      hotAgeMs,
      isTiered: () => mayBeCold(this.#retentionMs) && openedNodes(env) !== undefined,
    });
    const tiers = { ...options, store, storage: ctx.storage, care: () => this.care };
    this.#tombs = new Tombs({ ...tiers, schedule: (at) => this.jobs.schedule('forget', at) });
    this.#cold = new ColdPayloads(tiers);
    this.#segments = new SegmentFlush({ ...tiers, hotAgeMs, tombs: this.#tombs, retentionMs: () => this.#retentionMs });
    const sequencer = this.#sequence(options);
    this.#sequencer = sequencer;
    this.followed = new FollowedChains({ env, chain, actor, sequencer, clock });
    this.followers = this.#followersOf(options);
    this.gate = new AccessGate({
      store: store.access,
      clock,
      limits: new CallerLimits(limits),
      scheduleSweep: (at) => this.jobs.schedule('access', at),
    });
    const mendedTree = (): Uint8Array | undefined => this.appends.mendedTree();
    this.reads = new ChainReads({ store, sequencer, cold: this.#cold, clock, mendedTree });
    this.appends = new ChainAppends({
      store,
      log: this.#log,
      sequencer,
      quotes: this.reads,
      checkpointAt: (size) => this.reads.checkpointAt(size),
      check: ed25519Checker(),
      claimTokenKey,
      actor,
      followed: this.followed,
      limits: new AppendLimits(limits),
      clock,
    });
    this.sockets = this.#listen(options);
    this.shares = this.#share(options);
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

  /** This member reads: whatever comes after is news to them again. */
  arrived(member: string): void {
    this.#audience.arrived(member);
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

  /** Here while there is room, then in a share. */
  issueTicket(actor: Uint8Array, origin: string): Answer | Promise<Answer> {
    const taken = this.sockets.openCount + this.gate.outstanding();
    return taken < MAX_STREAM_SOCKETS ? this.gate.issueTicket(actor, origin) : this.shares.issueTicket(actor, origin);
  }

  /** From a stream elsewhere: judged by the roster of this moment, as one on a stream of its own (`SK11`). */
  appendFor(actor: Uint8Array, body: Uint8Array): Answer | Promise<Answer> {
    const barred = this.reads.barred(actor);
    return barred === undefined ? this.appends.appendBody(body, toBase64Url(actor)) : err(barred);
  }

  /** Awaited only for who must be asked about (`NA11`). What can't be known ends the socket, whose reader comes again. */
  history(actor: Uint8Array, from: number, size: number): HistoryPage | Promise<HistoryPage> {
    if (!this.followed.isLapsed(actor)) return this.reads.history(actor, from, size);
    return this.followed.confirm(actor).then((isConfirmed) => {
      if (!isConfirmed) throw new Error('an account can not be asked about its device');
      return this.reads.history(actor, from, size);
    });
  }

  /** Whoever must be asked about takes it as history, too. */
  async passageFrom(first: number, actors: readonly Uint8Array[]): Promise<Passage> {
    const passage = await this.reads.passageFrom(first, actors);
    return { ...passage, ended: [...passage.ended, ...actors.filter((actor) => this.followed.isLapsed(actor))] };
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
      announce: (flush, checkpoint, previous) => this.#announce(flush, checkpoint, previous),
      written: (entries, ms) => measureFlush(env, entries, ms),
    });
  }

  #listen({ ctx, clock }: OpenChainOptions): ChainSockets {
    return new ChainSockets({
      ctx,
      clock,
      size: () => this.head.size,
      history: (actor, from) => this.history(actor, from, this.head.size),
      barred: (actor) => this.reads.barred(actor),
      redeem: (ticket, origin) => this.gate.redeem(ticket, origin),
      append: (request, { key }) => this.appends.append(request, key),
      arrived: (member) => this.arrived(member),
      scheduleSweep: (at) => this.jobs.schedule('unopened', at),
    });
  }

  #share({ env, chain, clock }: OpenChainOptions): ChainShares {
    return new ChainShares({
      env,
      chain,
      store: this.#store.shares,
      size: () => this.head.size,
      schedule: () => this.jobs.schedule('shares', clock() + SHARE_RETRY_MS),
      changed: (change, next) => this.#noteReaders(change, next, clock()),
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
      written: (id, missing) => this.care.written(id, missing),
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
      tombs: this.#tombs,
    });
  }

  #schedule({ ctx, env, chain, clock }: OpenChainOptions): OpenChain['jobs'] {
    const deliveries = new Deliveries(env, this.#store, chain);
    const steps = {
      ...this.care.steps,
      access: (now: number) => this.gate.sweep(now),
      accounts: (now: number) => this.followed.introduce(now),
      followers: (now: number) => this.followers?.tell(now),
      removals: (now: number) => this.appends.proposeRemovals(now),
      unopened: (now: number) => this.sockets.sweep(now),
      uploads: (now: number) => this.attachments.sweep(now),
      shares: () => this.shares.tellAll(),
      expiry: (now: number) => this.#expire(now),
      segments: (now: number) => this.#flushSegment(now),
      forget: (now: number) => this.#tombs.step(now),
      lookup: (now: number) => this.#extendLookup(now),
      welcomes: (now: number) => deliveries.deliverWelcomes(now),
      pokes: (now: number) => deliveries.deliverPokes(now),
    };
    return new JobScheduler(ctx.storage, steps, clock, {
      onFailure: reportJobFailure,
    });
  }

  #write(flush: Flush, previous: ChainHead, clock: number): void {
    const away = this.#audience.awayFrom(flush, (member) => this.#isPresent(member));
    this.#writer.write(flush, previous, away, clock);
    this.#log.remember(flush);
    this.#audience.told(away);
    // In the transaction of the entries: whatever becomes of their announcement, each share hears of them.
    if (this.shares.isAny) this.jobs.schedule('shares', clock + SHARES_TOLD_WITHIN_MS);
    if (flush.head.state.kind !== 'group') this.jobs.schedule('followers', clock);
    else if (namesOthers(flush.head.state, previous.state)) this.jobs.schedule('accounts', clock);
    if (callsForRemovals(flush.head.state, previous.state)) this.jobs.schedule('removals', clock);
  }

  #announce(flush: Flush, checkpoint: string, previous: ChainHead): void {
    if (!this.sockets.hasLive && !this.shares.isAny) return;
    const told = passageOf(flush, checkpoint, previous);
    // `NA11`: these take it as history, which asks first.
    const passage = { ...told, ended: [...told.ended, ...this.followed.lapsedMembers()] };
    this.sockets.announce(passage);
    this.shares.announce(passage);
  }

  /** Who turns out to read need no poke for what they got; who turns out to have gone get theirs. */
  #noteReaders({ arrived, departed }: ReaderChange, next: number, clock: number): void {
    for (const key of arrived) {
      this.#store.pokes.settle(fromBase64Url(key) as Uint8Array, next - 1);
      this.#audience.arrived(key);
    }
    const away = this.#audience.departed(this.head.state, departed, (member) => this.#isPresent(member));
    this.#writer.poke(away, this.head, clock);
    this.#audience.told(away);
  }

  #isPresent(member: string): boolean {
    return this.sockets.presence.has(member) || this.shares.isPresent(member);
  }

  /** Snapshots are a cache: one that does not fit is passed over, and the log gives the same state again (`ST3`). */
  #restoreHead(chain: ChainId): ChainHead {
    const { snapshots, policyState } = this.#store;
    return restoreHead(chain, this.#log, snapshots.list(), policyState.read());
  }

  /** Job step: ciphertext whose time is up. */
  #expire(now: number): number | undefined {
    const { payloads, handshakes, blobs } = this.#store;
    const dropped = payloads.dropExpired(now, EXPIRY_ROWS) + handshakes.dropExpired(now, EXPIRY_ROWS);
    const buried = this.#tombs.buryExpired(now, (segments) => this.#cold.forget(segments));
    if (dropped >= EXPIRY_ROWS || buried) return now;
    const nexts = [payloads, handshakes, blobs].map((store) => store.nextExpiry() ?? Infinity);
    const next = Math.min(...nexts);
    if (next < Infinity) return next;
    this.#writer.expiryEnded();
    return undefined;
  }

  /** Job step: the oldest payloads leave for the cluster. */
  async #flushSegment(now: number): Promise<number | undefined> {
    const next = await this.#segments.step(now);
    if (next === undefined) this.#writer.segmentsEnded();
    return next;
  }

  /** Job step: payloads become findable by hash in batches; a full one means that more wait. */
  #extendLookup(now: number): number | undefined {
    return this.#store.payloads.extendLookup() === MAX_LOOKUP_LAG ? now : undefined;
  }
}

function namesOthers(now: ChainState, before: ChainState): boolean {
  if (now.kind !== 'group' || before.kind !== 'group') return false;
  const [after, earlier] = [now.value, before.value];
  return after.accounts.length !== earlier.accounts.length || after.registry?.registry !== earlier.registry?.registry;
}
