import {
  equalBytes,
  MAX_ROSTER_REMOVALS,
  toBase64Url,
  type ClaimToken,
  type GrantedRole,
  type HandshakeMode,
  type Member,
} from '../../core/index.ts';
import { encodeAuthenticatedData } from '../../core/mls/index.ts';
import type { ChainFollower, FollowedChain } from '../chain/chain-follower.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import { newEventId } from '../chain/sign-event.ts';
import { RelayProblem, UsageError } from '../errors.ts';
import { commit, type GroupState, type MadeCommit, type PreSharedKey } from '../mls/index.ts';
import { groupStateOf, handshakesOf } from './group-state.ts';
import type { GroupContext } from './group-context.ts';
import { leaversFor } from './leavers.ts';
import { readLostRace, type LostRaceChoice, type OnLostRace } from './lost-race.ts';
import type { MlsStore, PendingRecord } from './mls-store.ts';
import { retryDelayMs, type CommitPlan, type PendingCommits } from './pending-commits.ts';

/** A member to add, with the KeyPackage that was claimed and checked. */
export interface Addition {
  readonly actor: Uint8Array;
  readonly role: GrantedRole;
  readonly keyPackage: Uint8Array;
  readonly keyPackageRef: Uint8Array;
  /** The relay's word that it was claimed, which goes with the commit. */
  readonly claimToken: ClaimToken;
}

/** What a commit is to do, and how it goes on where others come first. */
export interface CommitIntent {
  /** Asked anew for every attempt, since what won instead may have made it needless: then it throws. */
  readonly plan: (chain: FollowedChain) => CommitPlan | Promise<CommitPlan>;
  /** Gets what the plan is made of once more; called for `discard-and-retry`. */
  readonly renew?: () => Promise<void>;
  readonly preSharedKeys?: readonly PreSharedKey[] | undefined;
  readonly onLostRace?: OnLostRace | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Making extends Pick<CommitIntent, 'preSharedKeys'> {
  readonly eventId: Uint8Array;
  readonly handshakes: HandshakeMode;
}

const MAX_ATTEMPTS = 8;

/** Changes an MLS group by commits of members. */
export class MlsCommitter {
  readonly #context: GroupContext;
  readonly #follower: ChainFollower;
  readonly #store: MlsStore;
  readonly #pending: PendingCommits;
  readonly #ensureKeys: (signal: AbortSignal | undefined) => Promise<void>;

  constructor(parts: {
    readonly context: GroupContext;
    readonly follower: ChainFollower;
    readonly store: MlsStore;
    readonly pending: PendingCommits;
    /** Resolves once this device holds the keys of the epoch that it has read up to. */
    readonly ensureKeys: (signal: AbortSignal | undefined) => Promise<void>;
  }) {
    this.#context = parts.context;
    this.#follower = parts.follower;
    this.#store = parts.store;
    this.#pending = parts.pending;
    this.#ensureKeys = parts.ensureKeys;
  }

  async commit(intent: CommitIntent): Promise<Delivery> {
    const { signal } = intent;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      await this.#pending.makeRoom(signal);
      await this.#ensureKeys(signal);
      const prepared = await this.#follower.exclusive((chain) => this.#prepare(intent, chain), signal);
      if (prepared === undefined) continue;
      const outcome = await this.#pending.send(prepared, signal);
      if (!(outcome instanceof RelayProblem)) return outcome;
      await this.#follower.catchUp(signal);
      if (this.#choose(intent, outcome, attempt) === 'discard-and-retry') await intent.renew?.();
      await this.#context.platform.delay(retryDelayMs(prepared.commit.next, attempt), signal);
    }
    throw new UsageError('commit-contended', `${MAX_ATTEMPTS} commits lost their epoch to others`);
  }

  /** Only where another commit ended the epoch; what was outrun by other changes goes on as it was. */
  #choose({ onLostRace = 'keep-and-retry' }: CommitIntent, problem: RelayProblem, attempt: number): LostRaceChoice {
    if (problem.code !== 'commit-lost') return 'keep-and-retry';
    const choice =
      typeof onLostRace === 'function' ? onLostRace(readLostRace(problem, this.#follower, attempt)) : onLostRace;
    if (choice === 'give-up') throw problem;
    return choice;
  }

  async #prepare(
    { plan, preSharedKeys }: CommitIntent,
    chain: FollowedChain | undefined,
  ): Promise<PendingRecord | undefined> {
    // Another process began one in between.
    if ((await this.#store.pending()) !== undefined) return undefined;
    const record = await this.#store.load();
    if (chain === undefined || record === undefined) throw new UsageError('not-joined', 'the group was not joined yet');
    const { successor } = groupStateOf(chain).mls ?? {};
    if (successor !== undefined) {
      throw new UsageError('group-reinitialised', `the group goes on as ${toBase64Url(successor.chain)}`);
    }
    // What was read in between could not be followed: the next attempt begins with the way back.
    if (record.lostAt !== undefined) return undefined;
    const wanted = await plan(chain);
    const leavers = leaversFor(groupStateOf(chain), this.#context.signer.actor);
    // A ReInit is alone in its commit; who leaves is not invited into what goes on.
    const planned = wanted.successor === undefined ? withLeavers(wanted, leavers) : wanted;
    const eventId = newEventId(this.#context.platform);
    const handshakes = handshakesOf(chain);
    const made = await this.#make(planned, record.state, { eventId, handshakes, preSharedKeys });
    // The key that encrypted an opaque commit is used up whatever becomes of it.
    const isSpent = made.spent !== record.state;
    const spent = isSpent ? [this.#store.put({ state: made.spent, lostAt: undefined })] : [];
    return this.#pending.keep(planned, made, { eventId, chain, before: spent });
  }

  async #make(
    { add = [], remove = [], successor }: CommitPlan,
    state: GroupState,
    { eventId, handshakes, preSharedKeys = [] }: Making,
  ): Promise<MadeCommit> {
    const made = await commit(state, {
      successor: successor && { groupId: successor.chain, suite: successor.ciphersuite },
      add: add.map(({ keyPackage }) => keyPackage),
      remove,
      preSharedKeys,
      handshakes,
      authenticatedData: encodeAuthenticatedData({ actor: this.#context.signer.actor, eventId }),
      nowMs: this.#context.platform.now(),
    });
    if (!made.ok) throw new UsageError('commit-refused', `the commit can't be made: ${made.error.code}`);
    return made.value;
  }
}

/** What a commit does anyway, and the removal of who has asked to leave, as far as they fit. */
function withLeavers(plan: CommitPlan, leavers: readonly Member[]): CommitPlan {
  const { remove = [] } = plan;
  const others = leavers
    .map(({ actor }) => actor)
    .filter((actor) => !remove.some((removed) => equalBytes(removed, actor)));
  const room = Math.max(0, MAX_ROSTER_REMOVALS - remove.length);
  return { ...plan, remove: [...remove, ...others.slice(0, room)] };
}
