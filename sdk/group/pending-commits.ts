import { equalBytes, mlsCommit, mlsReinitialised, sha256, type CommitBundle } from '../../core/index.ts';
import type { ChainFollower, FollowedChain } from '../chain/chain-follower.ts';
import { signDraft, type ChainWriter, type Delivery } from '../chain/chain-writer.ts';
import { isFateUnknown } from '../chain/resend.ts';
import { RelayProblem } from '../errors.ts';
import type { GroupState, PendingCommit } from '../mls/index.ts';
import type { StorageWrite } from '../storage.ts';
import type { GroupContext } from './group-context.ts';
import type { Addition } from './mls-committer.ts';
import { MAX_SET_ASIDE_COMMITS, type MlsStore, type PendingRecord } from './mls-store.ts';
import { turnOf } from './turns.ts';

export interface CommitPlan {
  readonly add?: readonly Addition[];
  readonly remove?: readonly Uint8Array[];
  /** The group that goes on: then the commit ends this one, and does nothing else. */
  readonly successor?: { readonly chain: Uint8Array; readonly ciphersuite: number };
}

interface CommitPlace {
  readonly eventId: Uint8Array;
  readonly chain: FollowedChain;
}

/** The group moved on first: a commit of the new epoch may succeed. */
const OUTRUN: ReadonlySet<string> = new Set([
  'commit-lost',
  'wrong-epoch',
  'stale-parent',
  'unknown-parent',
  'seen-too-old',
]);

/** What a relay answers that fails at a commit, each time where the commit is why. */
const FAILING: ReadonlySet<string> = new Set(['internal', 'unavailable']);

/** Commits of this device on their way: one at a time, stored before it is sent, until it wins an epoch or can't any more. */
export class PendingCommits {
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

  /** Finds out what became of a commit that an earlier call or process left behind: the same bytes go once more. */
  async settle(signal?: AbortSignal): Promise<void> {
    const pending = await this.#store.pending();
    if (pending === undefined) return;
    try {
      await this.send(pending, signal);
    } catch (error) {
      // It was refused for good and is dropped, which settles it too; what can't be known yet must stay.
      if (!(error instanceof RelayProblem) || isFateUnknown(error)) throw error;
    }
  }

  /**
   * The same for whoever is about to make another one: what the relay fails at once more, while it shows a log that lacks it, is
   * not sent again, or it would be in the way for good. Its keys are kept, since it may have been taken all the same (`CL50`).
   */
  async makeRoom(signal?: AbortSignal): Promise<void> {
    try {
      await this.settle(signal);
    } catch (error) {
      if (!(error instanceof RelayProblem) || !FAILING.has(error.code)) throw error;
      await this.#follower.catchUp(signal);
      if (!(await this.#follower.exclusive(() => this.#setAside(), signal))) throw error;
    }
  }

  /** Whether there is room for it. */
  async #setAside(): Promise<boolean> {
    const pending = await this.#store.pending();
    if (pending === undefined) return true;
    const others = await this.#store.setAside();
    if (others.length === MAX_SET_ASIDE_COMMITS) return false;
    const commits = [...others, pending.commit];
    await this.#context.storage.commit([this.#store.putSetAside(commits), this.#store.dropPending()]);
    return true;
  }

  /** Under the chain's lock: stores a commit with the event that will carry it, and what of the epoch it used up. */
  async keep(
    plan: CommitPlan,
    commit: PendingCommit,
    { eventId, chain, before = [] }: CommitPlace & { readonly before?: readonly StorageWrite[] },
  ): Promise<PendingRecord> {
    const pending = { bundle: await this.#bundle(plan, commit, { eventId, chain }), commit };
    await this.#context.storage.commit([...before, this.#store.putPending(pending)]);
    return pending;
  }

  /** Gives the refusal where the group moved on first; throws where no commit like it could win. It is dropped in both cases. */
  async send(
    { bundle, commit: { commitHash } }: PendingRecord,
    signal?: AbortSignal,
  ): Promise<Delivery | RelayProblem> {
    try {
      return await this.#writer.deliverCommit(bundle, signal);
    } catch (error) {
      if (!(error instanceof RelayProblem) || isFateUnknown(error)) throw error;
      await this.#follower.exclusive(() => this.#drop(commitHash), signal);
      if (!OUTRUN.has(error.code)) throw error;
      return error;
    }
  }

  /** Unless it is another one by now. */
  async #drop(commitHash: Uint8Array): Promise<void> {
    const pending = await this.#store.pending();
    if (pending === undefined || !equalBytes(pending.commit.commitHash, commitHash)) return;
    await this.#context.storage.commit([this.#store.dropPending()]);
  }

  async #bundle(plan: CommitPlan, made: PendingCommit, { eventId, chain }: CommitPlace): Promise<CommitBundle> {
    const { add = [] } = plan;
    const { event, signature } = await signDraft({ ...namingOf(plan, made), eventId }, chain, this.#context);
    const welcome = made.welcome ?? new Uint8Array(0);
    const claimTokens = add.map(({ claimToken }) => claimToken);
    return { event, signature, commit: made.commit, welcome, groupInfo: made.groupInfo, claimTokens };
  }
}

/** What of an event names a commit and its parts. */
function namingOf(
  { add = [], remove = [], successor }: CommitPlan,
  made: PendingCommit,
): { readonly type: number; readonly body: Uint8Array } {
  const parts = {
    epoch: made.epoch,
    commitHash: made.commitHash,
    commitSize: made.commit.length,
    groupInfoHash: sha256(made.groupInfo),
    groupInfoSize: made.groupInfo.length,
    treeHash: made.treeHash,
  };
  if (successor !== undefined) {
    const { chain, ciphersuite } = successor;
    return {
      type: mlsReinitialised.type,
      body: mlsReinitialised.encodeBody({ ...parts, successor: chain, ciphersuite }),
    };
  }
  const welcomeRefs = add.map(({ actor, keyPackageRef }) => ({ actor, keyPackageRef }));
  const roster = { added: add.map(({ actor, role }) => ({ actor, role })), removed: remove };
  return { type: mlsCommit.type, body: mlsCommit.encodeBody({ ...parts, welcomeRefs, roster }) };
}

const RETRY_SLOT_MS = 40;
const RETRY_SLOTS = 16;

/** Members who lose the same race come back in different slots, without having to agree on anything (`RC5`). */
export function retryDelayMs(state: Pick<GroupState, 'leafIndex' | 'epoch'>, attempt: number): number {
  return RETRY_SLOT_MS * attempt * turnOf(state, RETRY_SLOTS);
}
