import { encodePublicTree, type PublicGroup } from '../../core/mls/index.ts';
import { groupTermsOf, mlsStateOf, type Candidate, type ChainHead, type Decision } from '../../relay/index.ts';
import { reportIncident } from '../platform/incident.ts';
import { FollowedGroup } from './followed-group.ts';
import type { ChainStore } from './store.ts';

/** As the present, it makes nothing expired: what is past its time and still there is good for a replay. */
const BEGINNING = 0;

/** The MLS group that a chain's head names, of what its store has of it: commits and proposals are judged by it. */
export class GroupInForce {
  readonly #handshakes: ChainStore['handshakes'];
  readonly #head: () => ChainHead;
  readonly #group: FollowedGroup;

  constructor({ handshakes, payloads }: Pick<ChainStore, 'handshakes' | 'payloads'>, head: () => ChainHead) {
    this.#handshakes = handshakes;
    this.#head = head;
    this.#group = new FollowedGroup({
      groupInfo: (hash) => handshakes.read(hash, BEGINNING),
      groupInfoOf: (epoch) => handshakes.ofEpoch('group-info', epoch)[0],
      proposals: (epoch) => handshakes.ofEpoch('proposal', epoch).map(({ bytes }) => bytes),
      tree: (treeHash) => handshakes.readTree(treeHash, BEGINNING)?.bytes,
      commit: (index) => payloads.read(index, BEGINNING),
      replayed: (group) => this.#mend(group),
    });
  }

  /** Undefined where the chain has none. Throws where what is stored gives no group that the head names. */
  current(): PublicGroup | undefined {
    const { state } = this.#head();
    const mls = mlsStateOf(state);
    return mls && this.#group.at(mls, groupTermsOf(state));
  }

  /** The same with the proposals that are not decided yet. */
  withUnderWay(): PublicGroup | undefined {
    const { state } = this.#head();
    const mls = mlsStateOf(state);
    return mls && this.#group.withUnderWay(mls, groupTermsOf(state));
  }

  /** A candidate was judged and waits for its decision. Only a proposal changes what the next is judged by. */
  begin({ proposal }: Candidate): void {
    if (proposal !== undefined) this.#group.begin(proposal);
  }

  /** The candidates were decided; those without a decision may be in the log or not. */
  settle(candidates: readonly Candidate[], decisions: readonly Decision[]): void {
    for (const [i, { proposal }] of candidates.entries()) {
      if (proposal === undefined) continue;
      const decision = decisions[i];
      this.#group.settle(proposal, decision !== undefined && decision.kind !== 'refused');
      if (decision === undefined) this.#group.forget();
    }
  }

  /** A commit is in the log, and the group that it led to is known. */
  enterEpoch({ epochChange }: Candidate): void {
    const { groupInfo, group } = epochChange ?? {};
    if (groupInfo !== undefined && group !== undefined) this.#group.keep(groupInfo.hash, group);
  }

  /** The tree in force, of the group that commits are judged by, where what is stored of it is damaged. */
  mendedTree(): Uint8Array | undefined {
    try {
      const group = this.current();
      if (group === undefined) return undefined;
      this.#mend(group);
      return encodePublicTree(group.tree);
    } catch (cause) {
      // Nothing that it could be replayed from is whole either.
      reportIncident('tree-lost', cause);
      return undefined;
    }
  }

  /** `ML96`. The GroupInfo is its committer's and can't be made here: where that is damaged, it stays so until the next commit. */
  #mend({ context, tree }: PublicGroup): void {
    const epoch = Number(context.epoch);
    reportIncident('group-replayed', new Error(`what was stored of epoch ${epoch} was damaged`));
    this.#handshakes.mendTree({ hash: context.treeHash, bytes: encodePublicTree(tree), epoch });
  }
}
