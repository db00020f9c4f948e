import { DurableObject } from 'cloudflare:workers';
import { claimOutcomes, encode, err, ok, type PolicyExecutor, type Result } from '../../core/index.ts';
import {
  answerOfOne,
  judgeGenesis,
  parseClaims,
  type Answer,
  type Caller,
  type ClusterNodes,
  type RelayRefusal,
  type WrittenRow,
} from '../../relay/index.ts';
import { clusterOf } from '../platform/cluster.ts';
import { ed25519Checker } from '../platform/ed25519.ts';
import { policyExecutorOf } from '../platform/policies.ts';
import { checkpointKeyOf, claimTokenKeyOf, relayActorOf, type RelayEnvironment } from '../platform/environment.ts';
import { BoundedExecutor } from '../policy/bounded-executor.ts';
import type { HistoryPage } from '../sockets/stream-sockets.ts';
import type { KeptAttachment, TurnKey, UploadedBlob, UploadTurn } from './attachments.ts';
import { claimFor } from './claims.ts';
import { openStorage, writeGenesis } from './founding.ts';
import type { OpenChain } from './open-chain.ts';
import { openRecalling } from './open-recalling.ts';
import type { Passage } from './passage.ts';

/**
 * One chain's Durable Object: the single writer that gives its events their order. Answers are bytes or refusals; what
 * decides them lives in `relay/` and `core/`.
 */
export class ChainObject extends DurableObject<RelayEnvironment> {
  /** ms since the Unix epoch; tests move it. */
  clock: () => number = () => Date.now();
  /** The storage nodes; undefined where this deployment has none. Tests put their own ways to them in between. */
  cluster: () => Promise<ClusterNodes | undefined> = () => clusterOf(this.env);
  /** Tests put their own way to policies in between, too. */
  policies: PolicyExecutor = policyExecutorOf(this.env);
  readonly #key = checkpointKeyOf(this.env);
  readonly #claimTokenKey = claimTokenKeyOf(this.env)?.publicKey;
  readonly #bounded = new BoundedExecutor({
    decide: (module, batch) => this.policies.decide(module, batch),
    migrate: (module, call) => this.policies.migrate(module, call),
  });
  #chain: OpenChain | undefined;

  constructor(ctx: DurableObjectState, env: RelayEnvironment) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(() => this.#open());
  }

  /** The receipt of entry 0, for a founding that is repeated. */
  genesis(): Promise<Answer> {
    return this.#with((chain) => ok(chain.reads.genesisReceipt()));
  }

  async found(body: Uint8Array): Promise<Answer> {
    if (this.#key === undefined) return err({ code: 'relay-not-configured' });
    if (this.#chain === undefined) {
      const founding = judgeGenesis(body, { key: this.#key, check: ed25519Checker(), clock: this.clock() });
      if (!founding.ok) return founding;
      writeGenesis(this.ctx.storage, founding.value);
      await this.#open();
    }
    return this.#with((chain) => ok(chain.reads.genesisReceipt()));
  }

  /** `from` is the key of the address that the body came from, where that is known. */
  append(body: Uint8Array, from?: string): Promise<Answer> {
    return this.#with((chain) => chain.appends.appendBody(body, from));
  }

  commit(body: Uint8Array, from?: string): Promise<Answer> {
    return this.#with((chain) => chain.appends.commit(body, from));
  }

  publish(body: Uint8Array, from?: string): Promise<Answer> {
    return this.#with((chain) => chain.appends.publish(body, from));
  }

  registry(): Promise<Answer> {
    return this.#with((chain) => chain.states.registry());
  }

  modules(): Promise<Answer> {
    return this.#with((chain) => chain.states.modules());
  }

  module(hash: Uint8Array): Promise<Answer> {
    return this.#with((chain) => chain.states.module(hash));
  }

  entries(caller: Caller | undefined, from: number, limit: number): Promise<Answer> {
    return this.#read(caller, (chain, actor) => chain.reads.entries(actor, from, limit));
  }

  payload(caller: Caller | undefined, hash: Uint8Array): Promise<Answer> {
    return this.#read(caller, (chain, actor) => chain.reads.payload(actor, hash));
  }

  state(caller: Caller | undefined): Promise<Answer> {
    return this.#read(caller, (chain, actor) => chain.states.state(actor));
  }

  groupInfo(caller: Caller | undefined, epoch: number | undefined): Promise<Answer> {
    return this.#read(caller, (chain, actor) => chain.handshakes.groupInfo(actor, epoch));
  }

  proposals(caller: Caller | undefined): Promise<Answer> {
    return this.#read(caller, (chain, actor) => chain.handshakes.proposals(actor));
  }

  tree(caller: Caller | undefined, hash: Uint8Array): Promise<Answer> {
    return this.#read(caller, (chain, actor) => chain.handshakes.tree(actor, hash));
  }

  checkpoint(caller: Caller | undefined): Promise<Answer> {
    return this.#read(caller, (chain, actor) => chain.reads.checkpoint(actor));
  }

  proof(caller: Caller | undefined, index: number): Promise<Answer> {
    return this.#read(caller, (chain, actor) => chain.reads.proof(actor, index));
  }

  beginUpload(caller: Caller, hash: Uint8Array, size: number): Promise<Result<UploadTurn, RelayRefusal>> {
    return this.#read(caller, (chain) => chain.attachments.begin({ hash, actor: caller.actor }, size));
  }

  resumeUpload(caller: Caller, hash: Uint8Array, offset: number): Promise<Result<UploadTurn, RelayRefusal>> {
    return this.#read(caller, (chain) => chain.attachments.resume({ hash, actor: caller.actor }, offset));
  }

  uploadOffset(caller: Caller, hash: Uint8Array): Promise<Result<number, RelayRefusal>> {
    return this.#read(caller, (chain) => chain.attachments.offset({ hash, actor: caller.actor }));
  }

  attachment(caller: Caller | undefined, hash: Uint8Array): Promise<Result<KeptAttachment, RelayRefusal>> {
    return this.#read(caller, (chain, actor) => chain.readAttachment(actor, hash));
  }

  /** For workers that take an upload's bytes: parts of it are stored. False where it is theirs no more. */
  async noteRow(key: TurnKey, row: WrittenRow): Promise<boolean> {
    return this.#chain?.attachments.noteRow(key, row) ?? false;
  }

  async finishUpload(key: TurnKey, written: UploadedBlob): Promise<boolean> {
    return this.#chain?.attachments.finish(key, written) ?? false;
  }

  async dropUpload(key: TurnKey): Promise<void> {
    this.#chain?.attachments.drop(key);
  }

  /** For workers that read an attachment: its nodes do not have these shards as they were written. */
  async noteMissing(id: Uint8Array, shards: readonly number[]): Promise<void> {
    this.#chain?.care.reportDamage(id, shards);
  }

  /** A ticket for the stream, for those who may read at all. */
  ticket(caller: Caller, origin: string): Promise<Answer> {
    return this.#read(caller, (chain, actor) => {
      const permission = chain.reads.permits(actor);
      return permission.ok ? chain.readers.issueTicket(caller.actor, origin) : permission;
    });
  }

  /** For groups that name this account, or follow this registry, and know its first `known` entries: what they are to import next. */
  async newsFor(group: Uint8Array, known: number): Promise<Uint8Array | undefined> {
    const { followers } = this.#opened();
    if (followers === undefined) throw new Error('a group has no news for others');
    return followers.newsFor(group, known);
  }

  following(caller: Caller | undefined, size: number | undefined): Promise<Answer> {
    return this.#read(caller, (chain, actor) => chain.following(actor, size));
  }

  /** For accounts that this group names, and its registry: something is new there. */
  async followNews(chain: Uint8Array): Promise<void> {
    await this.#chain?.followed.follow(chain);
  }

  /** For shares: the next part of the first `size` entries for a reader of theirs. */
  async historyFor(actor: Uint8Array, from: number, size: number): Promise<HistoryPage> {
    return this.#opened().callers.history(actor, from, size);
  }

  /** For shares: an append on the stream of a reader of theirs. */
  appendFor(actor: Uint8Array, body: Uint8Array): Promise<Answer> {
    return this.#with((chain) => chain.callers.appendFor(actor, body));
  }

  /** For shares that missed something: the flushes from `first` on, and whose reading ended. */
  passageFrom(first: number, actors: readonly Uint8Array[]): Promise<Passage> {
    return this.#opened().callers.passageFrom(first, actors);
  }

  /** KeyPackages of several devices for one commit here. */
  async claim(caller: Caller, body: Uint8Array): Promise<Answer> {
    const claims = parseClaims(body);
    const outcomes = claims.ok ? await claimFor(this.#chain, caller, claims.value, this.env) : claims;
    return outcomes.ok ? ok(encode(claimOutcomes, { outcomes: outcomes.value })) : outcomes;
  }

  /** The same of one device: a shortage is then the answer. */
  async claimOne(caller: Caller, device: Uint8Array, ciphersuite: number): Promise<Answer> {
    const outcomes = await claimFor(this.#chain, caller, { ciphersuite, devices: [device] }, this.env);
    return outcomes.ok ? answerOfOne(outcomes.value) : outcomes;
  }

  /** For devices that are sent an envelope: whether both are members here. */
  async shareGroup(a: Uint8Array, b: Uint8Array): Promise<boolean> {
    return this.#chain?.callers.areInGroup(a, b) ?? false;
  }

  /** For the keeper of the cluster: a round of scrubbing begins. */
  async tendBlobs(round: number): Promise<void> {
    this.#chain?.care.tend(round);
  }

  /** For the keeper of the cluster: which of these keys that a node lists are of no blob of this chain. */
  async unknownShards(node: string, keys: readonly string[]): Promise<string[]> {
    // Without its key nothing is opened, and a chain that can't be asked vouches for everything.
    if (this.#chain === undefined) return this.#key === undefined ? [] : [...keys];
    return this.#chain.care.unknownShards(node, keys);
  }

  override fetch(request: Request): Response {
    if (this.#chain === undefined) return new Response(null, { status: 404 });
    return this.#chain.sockets.accept(request.headers.get('origin') ?? '');
  }

  override async webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    this.#chain?.care.asked();
    await this.#chain?.sockets.receive(socket, data);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#chain?.sockets.closed(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#chain?.sockets.leave(socket);
  }

  override async alarm(): Promise<void> {
    await this.#chain?.jobs.run();
  }

  async #open(): Promise<void> {
    const chain = openStorage(this.ctx.storage);
    const { ctx, env } = this;
    const [key, claimTokenKey, actor] = [this.#key, this.#claimTokenKey, relayActorOf(env)];
    if (chain === undefined || key === undefined || claimTokenKey === undefined || actor === undefined) return;
    const surroundings = {
      ctx,
      env,
      clock: () => this.clock(),
      cluster: () => this.cluster(),
      policies: this.#bounded,
    };
    this.#chain = await openRecalling({ ...surroundings, key, claimTokenKey, actor, chain });
    await this.#chain.jobs.recover();
  }

  /** Lets the caller in, then answers. */
  #read<T = Uint8Array>(
    caller: Caller | undefined,
    answer: (
      chain: OpenChain,
      actor: Uint8Array | undefined,
    ) => Result<T, RelayRefusal> | Promise<Result<T, RelayRefusal>>,
  ): Promise<Result<T, RelayRefusal>> {
    return this.#with(async (chain) => {
      const actor = await chain.callers.admit(caller);
      return actor.ok ? answer(chain, actor.value) : actor;
    });
  }

  /** Only a chain that exists has shares, or followers. */
  #opened(): OpenChain {
    if (this.#chain === undefined) throw new Error('another object asks one that holds no chain');
    return this.#chain;
  }

  async #with<T = Uint8Array>(
    answer: (chain: OpenChain) => Result<T, RelayRefusal> | Promise<Result<T, RelayRefusal>>,
  ): Promise<Result<T, RelayRefusal>> {
    this.#chain?.care.asked();
    return this.#chain === undefined ? this.#absent() : answer(this.#chain);
  }

  #absent(): Result<never, RelayRefusal> {
    return err({ code: this.#key === undefined ? 'relay-not-configured' : 'not-found' });
  }
}
