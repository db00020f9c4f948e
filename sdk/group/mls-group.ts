import {
  checkGroupSize,
  findMember,
  mlsCreated,
  mlsProposal,
  predecessorNamed,
  roleOf,
  sha256,
  type ChainId,
  type GrantedRole,
  type Submission,
} from '../../core/index.ts';
import { DEFAULT_SUITE, encodeAuthenticatedData, type ExternalSender, type MlsSuite } from '../../core/mls/index.ts';
import { chainKeys } from '../chain/chain-keys.ts';
import type { FollowedChain } from '../chain/chain-follower.ts';
import { signDraft, type Delivery } from '../chain/chain-writer.ts';
import { isFateUnknown } from '../chain/resend.ts';
import { newEventId } from '../chain/sign-event.ts';
import { RelayProblem, RemovedError, StorageError, TeraChatError, UsageError } from '../errors.ts';
import type { KeyPackagePool } from '../key-package-pool.ts';
import { createGroup, encrypt, makeGroupInfo, proposeLeave, treeHashOf } from '../mls/index.ts';
import type { MlsIdentities } from '../mls-identities.ts';
import type { PreSharedKeys } from '../pre-shared-keys.ts';
import { SharedTask } from '../shared-task.ts';
import type { StorageWrite } from '../storage.ts';
import { FollowedGroup, groupStateOf, handshakesOf, parseActor, parseActors } from './followed-group.ts';
import { findGroup, markGroup, unmarkGroup } from './group-register.ts';
import { removalOf } from './group-reader.ts';
import { assertAllClaimed, claimKeyPackages, type Claims } from './claim-key-packages.ts';
import type {
  CallOptions,
  CommitOptions,
  GroupStatus,
  InviteDelivery,
  InviteOptions,
  ReinitDelivery,
  ReinitOptions,
} from './group.ts';
import type { GroupContext } from './group-context.ts';
import { Leavers, leaversFor } from './leavers.ts';
import type { BeginSealing } from './message-sender.ts';
import { MlsCommitter } from './mls-committer.ts';
import { MlsRecovery } from './mls-recovery.ts';
import { MlsReinit, type SiblingGroups, type SuccessorGroup } from './mls-reinit.ts';
import { MlsOpening } from './mls-opening.ts';
import { MlsStore, type AcceptedWelcome } from './mls-store.ts';
import { PendingCommits, type CommitPlan } from './pending-commits.ts';
import { Rotation, type RotateAfter } from './rotation.ts';

export interface MlsGroupContext extends GroupContext {
  readonly siblings: SiblingGroups;
  readonly identities: MlsIdentities;
  readonly pool: KeyPackagePool;
  readonly preSharedKeys: PreSharedKeys;
  /** By the group's id, base64url. */
  readonly rotateAfter: (group: string) => RotateAfter;
}

const NOTHING = new Uint8Array(0);
/** How often a proposal is made anew because a commit came first. */
const MAX_PROPOSALS = 8;

/** A group whose content only its members can read (RFC 9420), and whose members change by MLS commits alone. */
export class MlsGroup extends FollowedGroup implements SuccessorGroup {
  readonly membership = 'mls';
  readonly #context: MlsGroupContext;
  readonly chain: ChainId;
  readonly #store: MlsStore;
  readonly #committer: MlsCommitter;
  readonly #pending: PendingCommits;
  readonly #recovery: SharedTask;
  readonly #joining: SharedTask;
  readonly #stop = new AbortController();
  readonly #leavers: Leavers;
  readonly #rotation: Rotation;

  constructor(context: MlsGroupContext, chain: ChainId) {
    const store = new MlsStore(context.storage, chainKeys(chain));
    const self = context.signer.actor;
    const source = { client: context.client, chain, now: context.platform.now };
    const thread = { isLost: false };
    const onLost = (): void => void (thread.isLost = true);
    const { pool, preSharedKeys } = context;
    super(context, chain, (outbox) => ({
      opening: new MlsOpening({ store, outbox, pool, preSharedKeys, source, self, onLost }),
      beginSealing: sealWith(store, self),
    }));
    this.#context = context;
    this.chain = chain;
    this.#store = store;
    const { follower, writer } = this;
    this.#pending = new PendingCommits({ context, follower, writer, store });
    const parts = { context, follower, store, pending: this.#pending };
    const recovery = new MlsRecovery({ ...parts, writer, identities: context.identities });
    this.#recovery = new SharedTask((signal) => recovery.recover(signal));
    this.#committer = new MlsCommitter({ ...parts, ensureKeys: (signal) => this.recover(signal) });
    follower.onAdvance(() => {
      if (thread.isLost) this.recoverInBackground();
      thread.isLost = false;
    });
    const committing = { follower, committer: this.#committer, store, platform: context.platform, self };
    this.#leavers = new Leavers(committing);
    this.#rotation = new Rotation({ ...committing, rotateAfter: context.rotateAfter(this.id) });
    this.#joining = new SharedTask(async (signal) => {
      const { successor } = groupStateOf(await follower.known(signal)).mls ?? {};
      if (successor !== undefined) await context.siblings.joinWhereInvited(successor.chain as ChainId, signal);
    });
    follower.onAdvance(() => void this.#goOn(this.#stop.signal).catch(() => undefined));
  }

  /** What the founder's group begins with, to be stored before anyone hears of it. */
  async beginKeys(suite: MlsSuite, proposer: ExternalSender | undefined): Promise<readonly StorageWrite[]> {
    const { identities, platform } = this.#context;
    const identity = await identities.of(suite);
    const { state } = await createGroup({ groupId: this.chain, identity, nowMs: platform.now(), proposer });
    const leaf = this.#store.putOwnLeaf({ epoch: state.epoch, madeAt: platform.now() });
    return [this.#store.put({ state, lostAt: undefined }), leaf];
  }

  /** Creates the MLS group at index 1, unless it is there: a founder that was interrupted does it later. */
  async ensureCreated(signal?: AbortSignal): Promise<void> {
    const chain = await this.follower.known(signal);
    const record = await this.#store.load();
    if (groupStateOf(chain).mls !== undefined || record === undefined) return;
    // A relay that can't read handshakes has no use for what they are signed over, and must not see it (`ML103`).
    const groupInfo = handshakesOf(chain) === 'opaque' ? NOTHING : await makeGroupInfo(record.state);
    const body = mlsCreated.encodeBody({
      ciphersuite: record.state.suite,
      groupInfoHash: sha256(groupInfo),
      groupInfoSize: groupInfo.length,
      treeHash: treeHashOf(record.state),
    });
    const draft = { type: mlsCreated.type, body, eventId: newEventId(this.#context.platform) };
    const { event, signature } = await signDraft(draft, chain, this.#context);
    const alone = { commit: NOTHING, welcome: NOTHING, claimTokens: [] };
    try {
      await this.writer.deliverCommit({ event, signature, groupInfo, ...alone }, signal);
    } catch (error) {
      // An earlier attempt, whose answer was lost, has made it.
      if (!(error instanceof RelayProblem) || !['already-created', 'stale-parent'].includes(error.code)) throw error;
      await this.follower.catchUp(signal);
    }
  }

  /**
   * Joins by a Welcome: reads the chain from its beginning, or from this identity's removal, and takes up the keys at the
   * entry that the Welcome belongs to.
   */
  async accept(welcome: AcceptedWelcome, signal: AbortSignal | undefined): Promise<void> {
    const { storage } = this.#context;
    const wasKnown = (await findGroup(storage, this.chain)) !== undefined;
    const chain = await this.follower.current();
    if (chain !== undefined && chain.cursor.size > welcome.index) {
      // An earlier process had accepted it, and was cut short before it forgot the invitation.
      if (wasKnown && (await this.statusIn(chain)).kind !== 'removed') return;
      throw new UsageError('not-invited', `the invitation of entry ${welcome.index} is over`);
    }
    await storage.commit([this.#store.putWelcome(welcome), markGroup(this.chain, 'mls')]);
    try {
      await this.catchUp({ signal });
      if ((await this.#store.welcome()) === undefined) return;
      throw new UsageError('not-invited', `the log ends before entry ${welcome.index}, where the invitation belongs`);
    } catch (error) {
      await storage.commit([this.#store.dropWelcome(), ...(wasKnown ? [] : [unmarkGroup(this.chain)])]);
      throw error;
    }
  }

  async invite(
    actors: string | readonly string[],
    role: GrantedRole = 'member',
    { signal, partial = false, preSharedKeys = [], onLostRace }: InviteOptions = {},
  ): Promise<InviteDelivery> {
    const invited = parseActors(actors);
    await this.assertMember(signal);
    const known = await this.follower.known(signal);
    for (const actor of invited) assertAbsent(known, actor);
    // Before KeyPackages are used up for it.
    this.#assertRoom(known, invited.length);
    const keys = await this.#context.preSharedKeys.named(preSharedKeys);
    const ciphersuite = groupStateOf(known).mls?.ciphersuite ?? DEFAULT_SUITE.id;
    const context = { ...this.#context, chain: this.chain, ciphersuite };
    const claim = async (): Promise<Claims> => {
      const claimed = await claimKeyPackages(invited, role, context, signal);
      if (!partial || claimed.add.length === 0) assertAllClaimed(claimed);
      return claimed;
    };
    let claims = await claim();
    const plan = (chain: FollowedChain): CommitPlan => {
      for (const { actor } of claims.add) assertAbsent(chain, actor);
      this.#assertRoom(chain, claims.add.length);
      return { add: claims.add };
    };
    const renew = async (): Promise<void> => void (claims = await claim());
    const delivery = await this.#committer.commit({ plan, preSharedKeys: keys, renew, onLostRace, signal });
    return { ...delivery, actors: claims.actors };
  }

  #assertRoom(chain: FollowedChain, added: number): void {
    const group = groupStateOf(chain);
    const removed = leaversFor(group, this.#context.signer.actor).length;
    const refusal = checkGroupSize(group.roster, { added, removed });
    if (refusal === undefined) return;
    const { code, limit, actual } = refusal;
    throw new RelayProblem(code, { limit: String(limit), actual: String(actual) });
  }

  async leave({ signal }: CallOptions = {}): Promise<Delivery> {
    await this.#pending.settle(signal);
    // What was written before goes before; what can't be sent keeps nobody here.
    await super.resume(signal).catch(() => undefined);
    signal?.throwIfAborted();
    const eventId = newEventId(this.#context.platform);
    for (let attempt = 1; attempt <= MAX_PROPOSALS; attempt++) {
      await this.catchUp({ signal });
      const chain = await this.follower.known(signal);
      const status = await this.statusIn(chain);
      if (status.kind === 'leaving') return this.#deliveryOf(status.index, chain);
      await this.assertIn(chain);
      const proposal = await this.follower.exclusive((known) => this.#proposeLeave(known, eventId), signal);
      try {
        return await this.writer.deliver(proposal, signal);
      } catch (error) {
        // The group moved on in between: the proposal has to be of its new epoch.
        if (!(error instanceof RelayProblem) || error.advice.kind !== 'retry' || isFateUnknown(error)) throw error;
      }
    }
    throw new UsageError('append-contended', `${MAX_PROPOSALS} proposals were outrun by commits`);
  }

  /** Of an entry that was read already. */
  #deliveryOf(index: number, { cursor }: FollowedChain): Delivery {
    return { index, relayTime: this.follower.relayTimeAt(index) ?? cursor.relayTime };
  }

  async #proposeLeave(chain: FollowedChain | undefined, eventId: Uint8Array): Promise<Submission> {
    const record = await this.#store.load();
    if (chain === undefined || record === undefined) throw new UsageError('not-joined', 'the group was not joined yet');
    const { actor } = this.#context.signer;
    const data = encodeAuthenticatedData({ actor, eventId });
    const made = await proposeLeave(record.state, data, handshakesOf(chain));
    if (!made.ok) throw new RemovedError(removalOf(chain.state, actor) ?? chain.cursor.size - 1);
    const { message: payload, ref: proposalRef, state } = made.value;
    if (state !== record.state) await this.#context.storage.commit([this.#store.put({ ...record, state })]);
    const body = mlsProposal.encodeBody({
      epoch: record.state.epoch,
      purpose: 'leave',
      proposalRef,
      proposalHash: sha256(payload),
      proposalSize: payload.length,
    });
    return signDraft({ type: mlsProposal.type, body, payload, eventId }, chain, this.#context);
  }

  async remove(actor: string, { preSharedKeys = [], onLostRace, signal }: CommitOptions = {}): Promise<Delivery> {
    const removed = parseActor(actor);
    await this.assertMember(signal);
    const keys = await this.#context.preSharedKeys.named(preSharedKeys);
    const plan = (chain: FollowedChain): CommitPlan => {
      if (roleOf(groupStateOf(chain).roster, removed) === 'none') {
        throw new UsageError('no-such-member', `${actor} is not in the group`);
      }
      return { remove: [removed] };
    };
    return this.#committer.commit({ plan, preSharedKeys: keys, onLostRace, signal });
  }

  async rotate({ preSharedKeys = [], onLostRace, signal }: CommitOptions = {}): Promise<Delivery> {
    await this.assertMember(signal);
    const keys = await this.#context.preSharedKeys.named(preSharedKeys);
    return this.#committer.commit({ plan: () => ({}), preSharedKeys: keys, onLostRace, signal });
  }

  /** Reading is done once the log is read; what keeps this device from its keys is told to whoever needs them. */
  override async catchUp(options: CallOptions = {}): Promise<void> {
    await super.catchUp(options);
    try {
      await this.recover(options.signal);
    } catch (error) {
      if (!(error instanceof TeraChatError) || error instanceof StorageError) throw error;
    }
    await this.#leavers.takeOutOverdue(options.signal);
    await this.#rotation.rotateIfDue(options.signal);
    await this.#goOn(options.signal);
  }

  protected override whileLive(signal: AbortSignal): void {
    void this.#rotation.keepRenewed(signal);
  }

  async reinit(options: ReinitOptions = {}): Promise<ReinitDelivery> {
    const { signal } = options;
    await this.#pending.settle(signal);
    await this.catchUp({ signal });
    const chain = await this.follower.known(signal);
    const status = await this.statusIn(chain);
    if (status.kind !== 'reinitialised') await this.assertIn(chain);
    if (roleOf(groupStateOf(chain).roster, this.#context.signer.actor) !== 'owner') {
      throw new RelayProblem('not-permitted');
    }
    const { follower } = this;
    const { siblings } = this.#context;
    return new MlsReinit({ group: this, follower, committer: this.#committer, siblings }).reinit(options);
  }

  async namePredecessor(chain: ChainId, signal: AbortSignal | undefined): Promise<void> {
    await this.catchUp({ signal });
    const { cursor } = await this.follower.known(signal);
    // Genesis and creation come before it, and nothing else does.
    if (cursor.size <= 2) await this.appendEvent(predecessorNamed, { chain }, signal);
  }

  /** Into the group that this one goes on as, where the log has named one and an invitation to it waits (`CL44`). */
  async #goOn(signal: AbortSignal | undefined): Promise<void> {
    const chain = await this.follower.current();
    if (chain === undefined || groupStateOf(chain).mls?.successor === undefined) return;
    try {
      if ((await this.statusIn(chain)).kind === 'reinitialised') await this.#joining.run(signal);
    } catch (error) {
      // Reading succeeded, whatever becomes of this: the invitation waits.
      if (!(error instanceof TeraChatError) || error instanceof StorageError) throw error;
    }
  }

  override async resume(signal?: AbortSignal): Promise<void> {
    await this.ensureCreated(signal);
    await this.#pending.settle(signal);
    await this.recover(signal);
    await this.#leavers.takeOut(signal);
    await this.#goOn(signal);
    await super.resume(signal);
  }

  override close(): void {
    this.#stop.abort(new DOMException('the session is closed', 'AbortError'));
    this.#leavers.close();
    this.#rotation.close();
    super.close();
  }

  /** Who has asked to leave is out before anything more is said (RFC 9420 §12.4). */
  protected override async prepareToSend(signal: AbortSignal): Promise<void> {
    await super.prepareToSend(signal);
    await this.#leavers.takeOut(signal);
  }

  /** Costs a look into the storage where nothing is lost. */
  protected override async recover(signal: AbortSignal | undefined): Promise<void> {
    if ((await this.#store.load())?.lostAt !== undefined) await this.#recovery.run(signal);
  }

  /** Whoever uses the group next tries again, and is told what is in the way. */
  protected override recoverInBackground(): void {
    this.recover(this.#stop.signal).catch(() => undefined);
  }

  protected override async statusIn(chain: FollowedChain): Promise<GroupStatus> {
    const status = await super.statusIn(chain);
    const record = await this.#store.load();
    if (status.kind !== 'member' || record?.lostAt === undefined) return status;
    return { kind: 'lost', index: record.lostAt };
  }
}

function assertAbsent(chain: FollowedChain, actor: Uint8Array): void {
  const member = findMember(groupStateOf(chain).roster, actor);
  if (member !== undefined && member.role !== 'none') {
    throw new UsageError('already-member', `the actor is in the group since entry ${member.since}`);
  }
}

/** Encrypts each for its event: the ciphertext names it, so that nobody can hang it on another (`CL11`). */
function sealWith(store: MlsStore, actor: Uint8Array): BeginSealing {
  return async (chain) => {
    const record = await store.load();
    if (record === undefined) throw new UsageError('not-joined', 'the group was not joined yet');
    if (record.lostAt !== undefined) throw new UsageError('epoch-unreadable', 'the keys of the group were lost');
    let { state } = record;
    return {
      seal: async (content, eventId) => {
        const sealed = await encrypt(state, content, encodeAuthenticatedData({ actor, eventId }));
        if (sealed.ok) {
          state = sealed.value.state;
          return { epoch: state.epoch, payload: sealed.value.message };
        }
        if (sealed.error.code === 'not-a-member')
          throw new RemovedError(removalOf(chain.state, actor) ?? chain.cursor.size - 1);
        throw new RelayProblem('payload-too-large', { reason: sealed.error.code });
      },
      finish: () => (state === record.state ? [] : [store.put({ state, lostAt: undefined })]),
    };
  };
}
