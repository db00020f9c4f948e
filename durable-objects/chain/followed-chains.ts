import { randomFillSync } from 'node:crypto';
import {
  decodeTrusted,
  EVENT_ID_BYTES,
  importedFacts,
  mapKey,
  toBase64Url,
  type Event,
  type ImportedFacts,
} from '../../core/index.ts';
import {
  findFollowed,
  followedChains,
  Leases,
  relayCandidate,
  type ChainHead,
  type FollowedChain,
  type RelayActor,
} from '../../relay/index.ts';
import { LATE, within } from '../jobs/index.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import { reportIncident } from '../platform/incident.ts';
import type { ChainObject } from './object.ts';
import type { Sequencer } from './sequencer.ts';

/** How long another chain may take to answer. */
const ASK_LIMIT_MS = 5_000;
/** Imports of one chain in a row: as many as bring the longest account that a group can follow, and more. */
const MAX_IMPORTS = 64;
/** Times that an import is made anew because something strict came first. */
const MAX_ATTEMPTS = 16;
/** Chains that are asked at once. */
const ASKED_AT_ONCE = 16;
const RETRY_MS = 5_000;

export interface FollowedHost {
  readonly env: RelayEnvironment;
  readonly chain: Uint8Array;
  readonly actor: RelayActor;
  readonly sequencer: Pick<Sequencer, 'head' | 'submit'>;
  readonly clock: () => number;
}

/**
 * The accounts that a group names and the registry that it follows, as its object goes by them (`NA11`, `NA12`, `PB14`): each is asked for
 * what is new before one of its devices is served or added, or a policy decides, unless that was done within a lease. What is new becomes
 * an entry of the group first.
 */
export class FollowedChains {
  readonly #host: FollowedHost;
  readonly #leases = new Leases();
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(host: FollowedHost) {
    this.#host = host;
  }

  get #head(): ChainHead {
    return this.#host.sequencer.head;
  }

  /** Whether this actor can't be served without asking. */
  isLapsed(actor: Uint8Array): boolean {
    return this.#leases.lapsedOf(this.#head.state, actor, this.#host.clock()).length > 0;
  }

  /** The members of whom that is so. */
  lapsedMembers(): readonly Uint8Array[] {
    return this.#leases.lapsedMembers(this.#head.state, this.#host.clock());
  }

  /** Asks where it must. Whether the group now knows all that was known of the actor then; if not, nothing is served. */
  confirm(actor: Uint8Array): Promise<boolean> {
    return this.#followAll(this.#leases.lapsedOf(this.#head.state, actor, this.#host.clock()));
  }

  /** Whether this event can't be taken without asking. */
  isLapsedFor(event: Event): boolean {
    return this.#leases.lapsedFor(this.#head.state, event, this.#host.clock()).length > 0;
  }

  /** `confirm` for all that the event depends on. */
  confirmFor(event: Event): Promise<boolean> {
    return this.#followAll(this.#leases.lapsedFor(this.#head.state, event, this.#host.clock()));
  }

  async #followAll(chains: readonly Uint8Array[]): Promise<boolean> {
    const answers = await Promise.all(chains.map((chain) => this.follow(chain)));
    return answers.every(Boolean);
  }

  /** Imports what is new of a chain, whatever its lease. */
  follow(chain: Uint8Array): Promise<boolean> {
    const key = mapKey(chain);
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const asked = this.#follow(chain).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, asked);
    return asked;
  }

  /** Job step: chains that were not asked since the group began to follow them, so that they learn that it does. */
  async introduce(now: number): Promise<number | undefined> {
    const chains = followedChains(this.#head.state).map(({ chain }) => chain);
    const unknown = chains.filter((chain) => !this.#leases.isHeld(chain, now, Infinity));
    if (!(await this.#followAll(unknown.slice(0, ASKED_AT_ONCE)))) return now + RETRY_MS;
    return unknown.length > ASKED_AT_ONCE ? now : undefined;
  }

  async #follow(chain: Uint8Array): Promise<boolean> {
    try {
      for (let imports = 0; imports < MAX_IMPORTS; imports++) {
        const followed = findFollowed(this.#head.state, chain);
        if (followed === undefined) return true;
        const asking = this.#leases.ask(this.#host.clock());
        const news = await this.#ask(followed);
        if (news === undefined) {
          this.#leases.grant(chain, asking, this.#host.clock());
          return true;
        }
        await this.#import(followed, news);
      }
      throw new Error('a chain has more news than a group takes');
    } catch (cause) {
      reportIncident('account-unconfirmed', cause);
      return false;
    }
  }

  async #ask({ chain, size }: FollowedChain): Promise<ImportedFacts | undefined> {
    const { env, chain: own } = this.#host;
    const object = env.CHAIN.getByName(toBase64Url(chain)) as unknown as ChainObject;
    const news = await within(ASK_LIMIT_MS, object.newsFor(own, size));
    if (news === LATE) throw new Error('a chain that is followed did not answer');
    return news && decodeTrusted(importedFacts, news);
  }

  /** By the rules that anyone else's import goes by. Another's may come first, which is as good. */
  async #import({ importOf }: FollowedChain, facts: ImportedFacts): Promise<void> {
    const { actor, sequencer, clock } = this.#host;
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
      const eventId = randomFillSync(new Uint8Array(EVENT_ID_BYTES));
      const event = { ...importOf(facts), eventId, clock: clock() };
      const { decisions } = await sequencer.submit([relayCandidate(sequencer.head, event, actor)]);
      const [decision] = decisions;
      if (decision?.kind !== 'refused' || decision.refusal.code === 'facts-old') return;
      if (decision.refusal.code !== 'stale-parent') throw new Error(`an import is refused: ${decision.refusal.code}`);
    }
    throw new Error('an import finds no place in the log');
  }
}
