import {
  encode,
  importedFacts,
  MAX_LAGGING_GROUPS,
  nextImport,
  toBase64Url,
  type AccountFollowing,
} from '../../core/index.ts';
import type { StoredLog } from '../../relay/index.ts';
import { retryWait, within } from '../jobs/index.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import { reportIncident } from '../platform/incident.ts';
import type { ChainObject } from './object.ts';
import type { FollowerStore } from './store/followers.ts';

const TOLD_A_STEP = 32;
/** How long a step waits for groups that are slow; what comes later still counts. */
const STEP_WAIT_MS = 2_000;
const RETRY = { firstMs: 1_000, longestMs: 900_000 };

export interface FollowerHost {
  readonly env: RelayEnvironment;
  /** The chain that they follow. */
  readonly chain: Uint8Array;
  readonly store: FollowerStore;
  readonly log: StoredLog;
  readonly checkpoint: () => string;
}

/**
 * The groups that name this account, or follow this registry. Each is told that something is new until it has asked for all of it (`NA13`): what it has
 * imported, it shows by where it asks from. Telling twice changes nothing.
 */
export class FollowingGroups {
  readonly #host: FollowerHost;

  constructor(host: FollowerHost) {
    this.#host = host;
  }

  /** What a group that has imported the first `known` entries lacks; undefined where that is all. */
  newsFor(group: Uint8Array, known: number): Uint8Array | undefined {
    const { store, log, checkpoint } = this.#host;
    const news = nextImport(log, known, checkpoint());
    // Only then: who claims to know more than there is, is no witness of anything.
    store.note(group, known);
    return news && encode(importedFacts, news);
  }

  /** Who has yet to import the first `size` entries, or all (`NA17`). */
  following(size: number | undefined): AccountFollowing {
    const { store, log } = this.#host;
    const asked = Math.min(size ?? log.size, log.size);
    const lagging = store.lagging(asked, MAX_LAGGING_GROUPS);
    return { size: asked, groups: store.count(), behind: store.countBehind(asked), lagging };
  }

  /** Job step. */
  async tell(now: number): Promise<number | undefined> {
    const { store, log } = this.#host;
    const behind = store.behind(log.size, now, TOLD_A_STEP);
    for (const { chain, attempt } of behind) {
      store.defer(chain, now + retryWait(attempt, RETRY));
    }
    await within(STEP_WAIT_MS, Promise.all(behind.map(({ chain }) => this.#tell(chain))));
    return store.nextDue(log.size);
  }

  async #tell(group: Uint8Array): Promise<void> {
    try {
      const object = this.#host.env.CHAIN.getByName(toBase64Url(group)) as unknown as ChainObject;
      await object.followNews(this.#host.chain);
    } catch (cause) {
      reportIncident('account-news-failed', cause);
    }
  }
}
