import { randomFillSync } from 'node:crypto';
import {
  decodeTrusted,
  EVENT_ID_BYTES,
  findAccount,
  identitySynced,
  importedFacts,
  mapKey,
  toBase64Url,
  type Account,
  type Accounts,
  type ImportedFacts,
} from '../../core/index.ts';
import { Leases, relayCandidate, type ChainHead, type RelayActor } from '../../relay/index.ts';
import { LATE, within } from '../jobs/index.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import { reportIncident } from '../platform/incident.ts';
import type { ChainObject } from './object.ts';
import type { Sequencer } from './sequencer.ts';

/** How long an account's chain may take to answer. */
const ASK_LIMIT_MS = 5_000;
/** Imports of one account in a row: as many as bring the longest chain that a group can follow, and more. */
const MAX_IMPORTS = 64;
/** Times that an import is made anew because something strict came first. */
const MAX_ATTEMPTS = 16;
/** Accounts that are asked at once. */
const ASKED_AT_ONCE = 16;
const RETRY_MS = 5_000;

export interface AccountHost {
  readonly env: RelayEnvironment;
  readonly chain: Uint8Array;
  readonly actor: RelayActor;
  readonly sequencer: Pick<Sequencer, 'head' | 'submit'>;
  readonly clock: () => number;
}

/**
 * The accounts that a group names, as its object goes by them (`NA11`, `NA12`): each is asked for what is new before one of its
 * devices is served or added, unless that was done within a lease. What is new becomes an entry of the group first.
 */
export class FollowedAccounts {
  readonly #host: AccountHost;
  readonly #leases = new Leases();
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(host: AccountHost) {
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
  async confirm(actor: Uint8Array): Promise<boolean> {
    const lapsed = this.#leases.lapsedOf(this.#head.state, actor, this.#host.clock());
    const answers = await Promise.all(lapsed.map((identity) => this.follow(identity)));
    return answers.every(Boolean);
  }

  /** Imports what is new of an account, whatever its lease. */
  follow(identity: Uint8Array): Promise<boolean> {
    const key = mapKey(identity);
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const asked = this.#follow(identity).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, asked);
    return asked;
  }

  /** Job step: accounts that were named and not asked since, so that their chains learn that this group follows them. */
  async introduce(now: number): Promise<number | undefined> {
    const unknown = this.#accounts().filter(({ identity }) => !this.#leases.isHeld(identity, now, Infinity));
    const answers = await Promise.all(unknown.slice(0, ASKED_AT_ONCE).map(({ identity }) => this.follow(identity)));
    if (!answers.every(Boolean)) return now + RETRY_MS;
    return unknown.length > ASKED_AT_ONCE ? now : undefined;
  }

  async #follow(identity: Uint8Array): Promise<boolean> {
    try {
      for (let imports = 0; imports < MAX_IMPORTS; imports++) {
        const account = this.#find(identity);
        if (account === undefined) return true;
        const asking = this.#leases.ask(this.#host.clock());
        const news = await this.#ask(account);
        if (news === undefined) {
          this.#leases.grant(identity, asking, this.#host.clock());
          return true;
        }
        await this.#import(identity, news);
      }
      throw new Error('an account has more news than a group takes');
    } catch (cause) {
      reportIncident('account-unconfirmed', cause);
      return false;
    }
  }

  async #ask({ identity, size }: Account): Promise<ImportedFacts | undefined> {
    const { env, chain } = this.#host;
    const object = env.CHAIN.getByName(toBase64Url(identity)) as unknown as ChainObject;
    const news = await within(ASK_LIMIT_MS, object.accountNews(chain, size));
    if (news === LATE) throw new Error('the chain of an account did not answer');
    return news && decodeTrusted(importedFacts, news);
  }

  /** By the rules that anyone else's import goes by. Another's may come first, which is as good. */
  async #import(identity: Uint8Array, facts: ImportedFacts): Promise<void> {
    const { actor, sequencer, clock } = this.#host;
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
      const eventId = randomFillSync(new Uint8Array(EVENT_ID_BYTES));
      const event = { definition: identitySynced, body: { identity, facts }, eventId, clock: clock() };
      const { decisions } = await sequencer.submit([relayCandidate(sequencer.head, event, actor)]);
      const [decision] = decisions;
      if (decision?.kind !== 'refused' || decision.refusal.code === 'facts-old') return;
      if (decision.refusal.code !== 'stale-parent') throw new Error(`an import is refused: ${decision.refusal.code}`);
    }
    throw new Error('an import finds no place in the log');
  }

  #find(identity: Uint8Array): Account | undefined {
    return findAccount(this.#accounts(), identity);
  }

  #accounts(): Accounts {
    const { state } = this.#head;
    return state.kind === 'group' ? state.value.accounts : [];
  }
}
