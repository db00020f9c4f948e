import { isLeaving, type GroupState, type Member } from '../../core/index.ts';
import type { ChainFollower, FollowedChain } from '../chain/chain-follower.ts';
import { passingAfter, StorageError, TeraChatError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import { mayCommit } from './committing-role.ts';
import { groupStateOf } from './group-state.ts';
import type { MlsCommitter } from './mls-committer.ts';
import type { MlsStore } from './mls-store.ts';
import type { CommitPlan } from './pending-commits.ts';
import { turnOf } from './turns.ts';

const SLOT_MS = 250;
const SLOTS = 16;
/** By then a member who reads live has begun. */
const OVERDUE_MS = SLOT_MS * (SLOTS + 1);

/** Who has asked to leave and may be taken out by this member (`GM11`): nobody, where it may not commit or leaves itself. */
export function leaversFor(group: GroupState, self: Uint8Array): readonly Member[] {
  return mayCommit(group, self) ? group.roster.filter(isLeaving) : [];
}

interface LeaversParts {
  readonly follower: ChainFollower;
  readonly committer: MlsCommitter;
  readonly store: MlsStore;
  readonly platform: Platform;
  readonly self: Uint8Array;
}

/**
 * Takes out who has asked to leave an MLS group (`CL40`). Members who are online at the same time wait for different lengths, so
 * that mostly one of them commits; a race costs nobody anything. What fails here is done with the next commit of anyone.
 */
export class Leavers {
  readonly #parts: LeaversParts;
  readonly #stop = new AbortController();
  #isWaiting = false;

  constructor(parts: LeaversParts) {
    this.#parts = parts;
    parts.follower.onAdvance(() => void this.#takeOutSoon());
  }

  /** Takes them out now. Nobody to take out is no failure, and neither is a refusal that will not pass. */
  async takeOut(signal?: AbortSignal): Promise<void> {
    const { follower, committer } = this.#parts;
    if (this.#findIn(await follower.current()).length === 0) return;
    try {
      const plan = (chain: FollowedChain): CommitPlan => {
        if (this.#findIn(chain).length === 0) throw new NobodyLeaves();
        return {};
      };
      await committer.commit({ plan, signal });
    } catch (error) {
      if (error instanceof NobodyLeaves) return;
      const isVerdict = error instanceof TeraChatError && !(error instanceof StorageError);
      if (!isVerdict || passingAfter(error) !== undefined) throw error;
    }
  }

  /** The same for wishes that nobody has seen to for a while, by one who may be here for a moment only. */
  async takeOutOverdue(signal?: AbortSignal): Promise<void> {
    const { follower, platform } = this.#parts;
    const askedAt = this.#findIn(await follower.current()).map(({ until }) => follower.relayTimeAt(until) ?? Infinity);
    if (!askedAt.some((at) => at + OVERDUE_MS <= platform.now())) return;
    // Reading succeeded, whatever becomes of this.
    await this.takeOut(signal).catch(() => undefined);
    signal?.throwIfAborted();
  }

  close(): void {
    this.#stop.abort(new DOMException('the session is closed', 'AbortError'));
  }

  async #takeOutSoon(): Promise<void> {
    const { follower, store, platform } = this.#parts;
    const { signal } = this.#stop;
    if (this.#isWaiting || signal.aborted) return;
    this.#isWaiting = true;
    try {
      if (this.#findIn(await follower.current()).length === 0) return;
      const record = await store.load();
      if (record === undefined || record.lostAt !== undefined) return;
      await platform.delay(SLOT_MS * turnOf(record.state, SLOTS), signal);
      await this.takeOut(signal);
    } catch {
      // Offline, closed, or outrun: the wish stands in the log.
    } finally {
      this.#isWaiting = false;
    }
  }

  #findIn(chain: FollowedChain | undefined): readonly Member[] {
    return chain === undefined ? [] : leaversFor(groupStateOf(chain), this.#parts.self);
  }
}

/** The others were faster. */
class NobodyLeaves extends Error {}
