import {
  equalBytes,
  mlsCommit,
  sha256,
  type ClaimToken,
  type CommitBundle,
  type GrantedRole,
} from '../../core/index.ts';
import { encodeAuthenticatedData } from '../../core/mls/index.ts';
import type { ChainFollower, FollowedChain } from '../chain/chain-follower.ts';
import { signDraft, type ChainWriter, type Delivery } from '../chain/chain-writer.ts';
import { isFateUnknown } from '../chain/resend.ts';
import { newEventId } from '../chain/sign-event.ts';
import { RelayProblem, UsageError } from '../errors.ts';
import { commit, type GroupState, type PendingCommit } from '../mls/index.ts';
import type { GroupContext } from './group-context.ts';
import type { MlsStore, PendingRecord } from './mls-store.ts';

/** A member to add, with the KeyPackage that was claimed and checked. */
export interface Addition {
  readonly actor: Uint8Array;
  readonly role: GrantedRole;
  readonly keyPackage: Uint8Array;
  readonly keyPackageRef: Uint8Array;
  /** The relay's word that it was claimed, which goes with the commit. */
  readonly claimToken: ClaimToken;
}

export interface CommitPlan {
  readonly add?: readonly Addition[];
  readonly remove?: readonly Uint8Array[];
}

const MAX_ATTEMPTS = 8;
const RETRY_SLOT_MS = 40;
const RETRY_SLOTS = 16;
/** The group moved on first: a commit of the new epoch may succeed. */
const OUTRUN: ReadonlySet<string> = new Set([
  'commit-lost',
  'wrong-epoch',
  'stale-parent',
  'unknown-parent',
  'seen-too-old',
]);

/** Changes an MLS group: one commit at a time, stored before it is sent, until it wins an epoch or can't any more. */
export class MlsCommitter {
  readonly #context: GroupContext;
  readonly #follower: ChainFollower;
  readonly #writer: ChainWriter;
  readonly #store: MlsStore;

  constructor(parts: {
    readonly context: GroupContext;
    readonly follower: ChainFollower;
    readonly writer: ChainWriter;
    readonly store: MlsStore;
  }) {
    this.#context = parts.context;
    this.#follower = parts.follower;
    this.#writer = parts.writer;
    this.#store = parts.store;
  }

  /** `makePlan` is asked anew for every attempt, since what won instead may have made it needless: then it throws. */
  async commit(makePlan: (chain: FollowedChain) => CommitPlan, signal?: AbortSignal): Promise<Delivery> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      await this.settle(signal);
      const prepared = await this.#follower.exclusive((chain) => this.#prepare(makePlan, chain), signal);
      if (prepared === undefined) continue;
      const delivery = await this.#send(prepared, signal);
      if (delivery !== undefined) return delivery;
      await this.#follower.catchUp(signal);
      await this.#context.platform.delay(retryDelayMs(prepared.commit.next, attempt), signal);
    }
    throw new UsageError('commit-contended', `${MAX_ATTEMPTS} commits lost their epoch to others`);
  }

  /** Finds out what became of a commit that an earlier call or process left behind: the same bytes go once more. */
  async settle(signal?: AbortSignal): Promise<void> {
    const pending = await this.#store.pending();
    if (pending === undefined) return;
    try {
      await this.#send(pending, signal);
    } catch (error) {
      // It was refused for good and is dropped, which settles it too; what can't be known yet must stay.
      if (!(error instanceof RelayProblem) || isFateUnknown(error)) throw error;
    }
  }

  /** Undefined where the commit lost; throws where no other could win. In both cases it is dropped. */
  async #send({ bundle, commit: { commitHash } }: PendingRecord, signal?: AbortSignal): Promise<Delivery | undefined> {
    try {
      return await this.#writer.deliverCommit(bundle, signal);
    } catch (error) {
      if (!(error instanceof RelayProblem) || isFateUnknown(error)) throw error;
      await this.#follower.exclusive(() => this.#drop(commitHash), signal);
      if (!OUTRUN.has(error.code)) throw error;
      return undefined;
    }
  }

  /** Unless it is another one by now. */
  async #drop(commitHash: Uint8Array): Promise<void> {
    const pending = await this.#store.pending();
    if (pending === undefined || !equalBytes(pending.commit.commitHash, commitHash)) return;
    await this.#context.storage.commit([this.#store.dropPending()]);
  }

  async #prepare(
    makePlan: (chain: FollowedChain) => CommitPlan,
    chain: FollowedChain | undefined,
  ): Promise<PendingRecord | undefined> {
    // Another process began one in between.
    if ((await this.#store.pending()) !== undefined) return undefined;
    const record = await this.#store.load();
    if (chain === undefined || record === undefined) throw new UsageError('not-joined', 'the group was not joined yet');
    const plan = makePlan(chain);
    const eventId = newEventId(this.#context.platform);
    const made = await this.#make(plan, eventId, record.state);
    const pending = { bundle: await this.#bundle(plan, made, eventId, chain), commit: made };
    await this.#context.storage.commit([this.#store.putPending(pending)]);
    return pending;
  }

  async #make({ add = [], remove = [] }: CommitPlan, eventId: Uint8Array, state: GroupState): Promise<PendingCommit> {
    const made = await commit(state, {
      add: add.map(({ keyPackage }) => keyPackage),
      remove,
      authenticatedData: encodeAuthenticatedData({ actor: this.#context.signer.actor, eventId }),
      nowMs: this.#context.platform.now(),
    });
    if (!made.ok) throw new UsageError('commit-refused', `the commit can't be made: ${made.error.code}`);
    return made.value;
  }

  async #bundle(
    { add = [], remove = [] }: CommitPlan,
    made: PendingCommit,
    eventId: Uint8Array,
    chain: FollowedChain,
  ): Promise<CommitBundle> {
    const body = mlsCommit.encodeBody({
      epoch: made.epoch,
      commitHash: made.commitHash,
      commitSize: made.commit.length,
      groupInfoHash: sha256(made.groupInfo),
      groupInfoSize: made.groupInfo.length,
      treeHash: made.treeHash,
      welcomeRefs: add.map(({ actor, keyPackageRef }) => ({ actor, keyPackageRef })),
      roster: { added: add.map(({ actor, role }) => ({ actor, role })), removed: remove },
    });
    const { event, signature } = await signDraft({ type: mlsCommit.type, body, eventId }, chain, this.#context);
    const welcome = made.welcome ?? new Uint8Array(0);
    const claimTokens = add.map(({ claimToken }) => claimToken);
    return { event, signature, commit: made.commit, welcome, groupInfo: made.groupInfo, claimTokens };
  }
}

/** Members who lose the same race come back in different slots, without having to agree on anything. */
function retryDelayMs({ leafIndex, epoch }: GroupState, attempt: number): number {
  return RETRY_SLOT_MS * attempt * (1 + ((leafIndex + epoch) % RETRY_SLOTS));
}
