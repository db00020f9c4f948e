import { DAY_MS, findMember, HOUR_MS } from '../../core/index.ts';
import { MAX_GROUP_LEAVES } from '../../core/mls/index.ts';
import type { ChainFollower, FollowedChain } from '../chain/chain-follower.ts';
import { untilAborted } from '../mutex.ts';
import type { Platform } from '../platform.ts';
import { mayCommit } from './committing-role.ts';
import { groupStateOf } from './group-state.ts';
import type { MlsCommitter } from './mls-committer.ts';
import type { MlsStore, OwnLeaf } from './mls-store.ts';
import type { CommitPlan } from './pending-commits.ts';
import { turnOf } from './turns.ts';

/** How old this device's own key in an encrypted group becomes before it is renewed: ms, or `off` for never by itself. */
export type RotateAfter = number | 'off';

/** Unless a session says otherwise: a week. */
export const DEFAULT_ROTATE_AFTER_MS = 7 * DAY_MS;
/** Each renewal costs every member a commit to follow. */
export const MIN_ROTATE_AFTER_MS = HOUR_MS;

/** One for each leaf that a tree can have, so that keys of one epoch never come due at the same time. */
const TURNS = MAX_GROUP_LEAVES;
/** Turns are spread over this part of the period, after it. */
const SPREAD_PART = 8;
/** What did not succeed is tried again after this part of the period at the soonest. */
const PAUSE_PART = 64;
/** How long a device that follows live looks away at most. */
const LOOK_MS = HOUR_MS;

/** How long reading waits for an attempt, which goes on by itself. */
const PATIENCE_MS = 5_000;

/** Throws a RangeError for what is no period. */
export function checkRotateAfter(period: RotateAfter): RotateAfter {
  if (period === 'off' || (Number.isFinite(period) && period >= MIN_ROTATE_AFTER_MS)) return period;
  throw new RangeError(`rotateAfterMs is at least ${MIN_ROTATE_AFTER_MS}, or 'off': ${String(period)}`);
}

interface RotationParts {
  readonly follower: ChainFollower;
  readonly committer: MlsCommitter;
  readonly store: MlsStore;
  readonly platform: Platform;
  readonly self: Uint8Array;
  readonly rotateAfter: RotateAfter;
}

/**
 * Renews this device's own leaf of an MLS group, and with it the keys of everyone, once it is old (`CL42`). Nobody asked for
 * it, so nothing that goes wrong with it is anyone's error (`CL43`).
 */
export class Rotation {
  readonly #parts: RotationParts;
  readonly #stop = new AbortController();
  /** Until then it is left alone, whatever the key's age. */
  #pausedUntil = 0;
  #attempt: Promise<void> | undefined;

  constructor(parts: RotationParts) {
    this.#parts = parts;
  }

  /** Renews the leaf if it is time, and waits for that a little. Rejects with the signal's reason alone. */
  async rotateIfDue(signal?: AbortSignal): Promise<void> {
    const { follower, platform } = this.#parts;
    const isDue = await follower.current().then((chain) => this.#isDue(chain), no);
    if (!isDue) return signal?.throwIfAborted();
    const enough = new AbortController();
    const attempt = this.#renew().finally(() => enough.abort());
    const patience = platform.delay(PATIENCE_MS, enough.signal).catch(() => undefined);
    return untilAborted(Promise.race([attempt, patience]), signal);
  }

  /** Renews it at its time, until the signal aborts. Never rejects. */
  async keepRenewed(signal: AbortSignal): Promise<void> {
    const { follower, platform, rotateAfter } = this.#parts;
    try {
      while (rotateAfter !== 'off' && !signal.aborted) {
        const dueAt = await this.#dueAt(await follower.current());
        const waitMs = Math.max(dueAt, this.#pausedUntil) - platform.now();
        if (waitMs > 0) await platform.delay(Math.min(waitMs, LOOK_MS), signal);
        else await this.#renew();
      }
    } catch {
      // The group is not read live any more, or its records can't be read: whoever uses it learns of that there.
    }
  }

  close(): void {
    this.#stop.abort(new DOMException('the session is closed', 'AbortError'));
  }

  /** One attempt at a time. Whether it brought anything is to be seen in the log. */
  #renew(): Promise<void> {
    this.#attempt ??= this.#commit(this.#stop.signal)
      .catch(() => undefined)
      .finally(() => (this.#attempt = undefined));
    return this.#attempt;
  }

  async #commit(signal: AbortSignal): Promise<void> {
    const { committer, store, platform } = this.#parts;
    const record = await store.load();
    if (record === undefined) return;
    this.#pause(turnOf(record.state, TURNS));
    const plan = async (chain: FollowedChain): Promise<CommitPlan> => {
      // Another process of this identity may have been faster.
      if ((await this.#dueAt(chain)) > platform.now()) throw new NothingDue();
      return {};
    };
    await committer.commit({ plan, onLostRace: 'give-up', signal });
  }

  #pause(turn: number): void {
    const { rotateAfter, platform } = this.#parts;
    if (rotateAfter === 'off') return;
    this.#pausedUntil = platform.now() + (rotateAfter / PAUSE_PART) * (1 + turn / TURNS);
  }

  async #isDue(chain: FollowedChain | undefined): Promise<boolean> {
    const now = this.#parts.platform.now();
    return this.#pausedUntil <= now && (await this.#dueAt(chain)) <= now;
  }

  /** Infinity where it is not for this device to do: by its role, by what it was told, or since it lost its keys. */
  async #dueAt(chain: FollowedChain | undefined): Promise<number> {
    const { rotateAfter, store, self } = this.#parts;
    if (rotateAfter === 'off' || chain === undefined || !mayCommit(groupStateOf(chain), self)) return Infinity;
    const leaf = await this.#ownLeaf(chain);
    const due = leaf.madeAt + rotateAfter;
    // Most of the time that is answer enough, and the keys of a large group need not be read for it.
    if (due > this.#parts.platform.now() + LOOK_MS) return due;
    const record = await store.load();
    if (record === undefined || record.lostAt !== undefined) return Infinity;
    const turn = turnOf({ leafIndex: record.state.leafIndex, epoch: leaf.epoch }, TURNS);
    return due + (rotateAfter / SPREAD_PART) * (turn / TURNS);
  }

  /** A storage of an earlier version has no record of it: then it counts from this device's admission. */
  async #ownLeaf(chain: FollowedChain): Promise<OwnLeaf> {
    const { store, follower, self } = this.#parts;
    const recorded = await store.ownLeaf();
    if (recorded !== undefined) return recorded;
    const since = findMember(groupStateOf(chain).roster, self)?.since;
    return { epoch: 0, madeAt: (since === undefined ? undefined : follower.relayTimeAt(since)) ?? Infinity };
  }
}

class NothingDue extends Error {}

const no = (): boolean => false;
