import {
  checkGroupSize,
  findMember,
  predecessorNamed,
  roleOf,
  toBase64Url,
  type ChainId,
  type GrantedRole,
} from '../../core/index.ts';
import { DEFAULT_SUITE, type ExternalSender, type MlsSuite } from '../../core/mls/index.ts';
import { chainKeys } from '../chain/chain-keys.ts';
import type { FollowedChain } from '../chain/chain-follower.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import { RelayProblem, StorageError, TeraChatError, UsageError } from '../errors.ts';
import type { KeyPackagePool } from '../key-package-pool.ts';
import type { MlsIdentities } from '../mls-identities.ts';
import type { PreSharedKeys } from '../pre-shared-keys.ts';
import { SharedTask } from '../shared-task.ts';
import type { StorageWrite } from '../storage.ts';
import { parseActor, parseActors } from '../parse-actor.ts';
import { FollowedGroup } from './followed-group.ts';
import { findGroup, markGroup, unmarkGroup } from './group-register.ts';
import { groupStateOf } from './group-state.ts';
import { assertMembership } from './group-status.ts';
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
import { MlsCreation } from './mls-creation.ts';
import { MlsLeave } from './mls-leave.ts';
import { MlsCommitter } from './mls-committer.ts';
import { MlsRecovery } from './mls-recovery.ts';
import { MlsReinit, type SiblingGroups, type SuccessorGroup } from './mls-reinit.ts';
import { MlsOpening } from './mls-opening.ts';
import { sealWith } from './mls-sealing.ts';
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

/** A group whose content only its members can read (RFC 9420), and whose members change by MLS commits alone. */
export class MlsGroup extends FollowedGroup implements SuccessorGroup {
  readonly membership = 'mls';
  readonly #context: MlsGroupContext;
  readonly chain: ChainId;
  readonly #store: MlsStore;
  readonly #creation: MlsCreation;
  readonly #leave: MlsLeave;
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
    this.#creation = new MlsCreation({ ...parts, writer, chain });
    this.#leave = new MlsLeave({ ...parts, writer, catchUp: (signal) => this.#catchUpStatus(signal) });
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
  beginKeys(suite: MlsSuite, proposer: ExternalSender | undefined): Promise<readonly StorageWrite[]> {
    return this.#creation.beginKeys(suite, proposer);
  }

  /** Creates the MLS group at index 1, unless it is there: a founder that was interrupted does it later. */
  ensureCreated(signal?: AbortSignal): Promise<void> {
    return this.#creation.ensureCreated(signal);
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
      await this.#takeBack(wasKnown);
      throw error;
    }
  }

  /** Unless the Welcome was used by then: whatever came after it, this device is in the group. */
  async #takeBack(wasKnown: boolean): Promise<void> {
    const { storage } = this.#context;
    await storage.exclusive(this.follower.keys.root, async () => {
      if ((await this.#store.welcome()) === undefined) return;
      await storage.commit([this.#store.dropWelcome(), ...(wasKnown ? [] : [unmarkGroup(this.chain)])]);
    });
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
    await this.#pending.makeRoom(signal);
    // What was written before goes before; what can't be sent keeps nobody here.
    await super.resume(signal).catch(() => undefined);
    signal?.throwIfAborted();
    return this.#leave.propose(signal);
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
    await this.#pending.makeRoom(signal);
    const status = await this.#catchUpStatus(signal);
    if (status.kind !== 'reinitialised') assertMembership(status);
    if (roleOf(groupStateOf(await this.follower.known(signal)).roster, this.#context.signer.actor) !== 'owner') {
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

  async #catchUpStatus(signal: AbortSignal | undefined): Promise<GroupStatus> {
    await this.catchUp({ signal });
    return this.statusIn(await this.follower.known(signal));
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
    throw new UsageError('already-member', `${toBase64Url(actor)} is in the group since entry ${member.since}`);
  }
}
