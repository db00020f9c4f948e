import { equalBytes, type ChainId, type GrantedRole, type HandshakeMode } from '../../core/index.ts';
import type { ChainFollower } from '../chain/chain-follower.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import { RelayProblem } from '../errors.ts';
import type { GenesisOptions } from '../genesis.ts';
import type { SuiteNumber } from '../suites.ts';
import { groupStateOf, handshakesOf } from './group-state.ts';
import type { CallOptions, Group, InvitedActor, ReinitDelivery, ReinitOptions } from './group.ts';
import type { MlsCommitter } from './mls-committer.ts';

/** The group that is to go on in another's place, as its founder has it. */
export interface SuccessorGroup extends Group {
  readonly chain: ChainId;
  /** Says in its log which group it goes on from, unless that is said. */
  namePredecessor(chain: ChainId, signal: AbortSignal | undefined): Promise<void>;
}

/** What a group asks of the identity's other groups. */
export interface SiblingGroups {
  /** Founds the group that goes on in the place of `chain`, or gives the one that an earlier call has founded. */
  successorOf(
    chain: ChainId,
    options: GenesisOptions & CallOptions & { readonly suite: SuiteNumber; readonly handshakes: HandshakeMode },
  ): Promise<SuccessorGroup>;
  /** Joins a group by the Welcome that waits for this identity, where one does and it is not in. */
  joinWhereInvited(chain: ChainId, signal: AbortSignal | undefined): Promise<void>;
}

const ROLES: readonly GrantedRole[] = ['owner', 'admin', 'member', 'reader'];
/** Their KeyPackages fit one commit, whichever the suite. */
const INVITED_AT_ONCE = 64;

/**
 * Lets a group go on as another one (`GM41`–`GM43`, `CL44`). The successor is founded, named and filled before the group ends:
 * whatever is cut short leaves a group that works, and calling it again goes on from there.
 */
export class MlsReinit {
  readonly #group: Pick<Group, 'members'>;
  readonly #follower: ChainFollower;
  readonly #committer: MlsCommitter;
  readonly #siblings: SiblingGroups;

  constructor(parts: {
    readonly group: Pick<Group, 'members'>;
    readonly follower: ChainFollower;
    readonly committer: MlsCommitter;
    readonly siblings: SiblingGroups;
  }) {
    this.#group = parts.group;
    this.#follower = parts.follower;
    this.#committer = parts.committer;
    this.#siblings = parts.siblings;
  }

  async reinit({ suite, signal }: ReinitOptions): Promise<ReinitDelivery> {
    const { chain } = this.#follower;
    const known = await this.#follower.known(signal);
    const { genesis, mls } = groupStateOf(known);
    const { visibility, retentionMs } = genesis;
    const handshakes = handshakesOf(known);
    const kept = (suite ?? mls?.ciphersuite) as SuiteNumber;
    const successor = await this.#siblings.successorOf(chain, {
      suite: kept,
      handshakes,
      visibility,
      retentionMs,
      signal,
    });
    await successor.namePredecessor(chain, signal);
    const invited = await this.#invite(successor, signal);
    const delivery = await this.#end(successor, signal);
    // Whoever came in meanwhile.
    const late = await this.#invite(successor, signal);
    const tried = new Set(late.map(({ actor }) => actor));
    const actors = [...invited.filter(({ actor }) => !tried.has(actor)), ...late];
    return { ...delivery, successor: successor.id, actors };
  }

  /** Everyone who stays and is not in yet, in the role that they have. */
  async #invite(successor: SuccessorGroup, signal: AbortSignal | undefined): Promise<readonly InvitedActor[]> {
    const present = new Set((await successor.members()).map(({ actor }) => actor));
    const missing = (await this.#group.members()).filter(({ actor, isLeaving }) => !isLeaving && !present.has(actor));
    const outcomes: InvitedActor[] = [];
    for (const role of ROLES) {
      const actors = missing.filter((member) => member.role === role).map(({ actor }) => actor);
      for (let from = 0; from < actors.length; from += INVITED_AT_ONCE) {
        outcomes.push(...(await invite(successor, actors.slice(from, from + INVITED_AT_ONCE), role, signal)));
      }
    }
    return outcomes;
  }

  /** Gives the entry that ended the group, also where an earlier call has made it. */
  async #end(successor: SuccessorGroup, signal: AbortSignal | undefined): Promise<Delivery> {
    const chain = await this.#follower.known(signal);
    const named = groupStateOf(chain).mls?.successor;
    if (named !== undefined && equalBytes(named.chain, successor.chain)) {
      return { index: named.index, relayTime: this.#follower.relayTimeAt(named.index) ?? chain.cursor.relayTime };
    }
    const { suite = 1 } = await successor.view();
    const plan = () => ({ successor: { chain: successor.chain, ciphersuite: suite } });
    return this.#committer.commit({ plan, signal });
  }
}

/** Where nobody of them can be invited, who could not stands in the error. */
async function invite(
  group: Group,
  actors: readonly string[],
  role: GrantedRole,
  signal: AbortSignal | undefined,
): Promise<readonly InvitedActor[]> {
  try {
    return (await group.invite(actors, role, { partial: true, signal })).actors;
  } catch (error) {
    const outcomes = error instanceof RelayProblem ? error.details['actors'] : undefined;
    if (!Array.isArray(outcomes)) throw error;
    return outcomes as readonly InvitedActor[];
  }
}
