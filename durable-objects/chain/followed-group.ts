import { equalBytes, toBase64 } from '../../core/index.ts';
import { memberRules, type GroupTerms, type PublicGroup } from '../../core/mls/index.ts';
import { restoreFollowed, type EpochInForce, type NewProposal, type StoredHandshakes } from '../../relay/index.ts';

/** Where the group is made of. */
export interface GroupSource extends StoredHandshakes {
  /** What was stored of the epoch in force was damaged, and the group was replayed: its tree is to be stored again. */
  readonly replayed: (group: PublicGroup) => void;
}

/**
 * The MLS group that commits and proposals are judged by, in memory. A cache of the GroupInfo in force, which the state of the
 * chain names by its hash, of its tree, and of the epoch's proposals: the group is made of them anew whenever the one in memory is of
 * another epoch.
 */
export class FollowedGroup {
  readonly #source: GroupSource;
  #kept: { readonly hash: Uint8Array; readonly group: PublicGroup } | undefined;
  /** Judged, and not decided yet. No commit may refer to them, but they count. */
  readonly #underWay = new Set<NewProposal>();

  constructor(source: GroupSource) {
    this.#source = source;
  }

  /** Takes over the group that a commit led to, once the log holds it. */
  keep(hash: Uint8Array, group: PublicGroup): void {
    this.#kept = { hash, group };
  }

  /** Makes it anew the next time: what the store holds is not known. */
  forget(): void {
    this.#kept = undefined;
  }

  /** Throws where what is stored gives no group that the state names. */
  at(mls: EpochInForce, terms: GroupTerms): PublicGroup {
    if (this.#kept === undefined || !equalBytes(this.#kept.hash, mls.groupInfoHash)) {
      const restored = restoreFollowed(mls, memberRules(terms), this.#source);
      if (restored === undefined)
        throw new Error('the group in force is damaged, and so is what it could be replayed from');
      if (restored.isReplayed) this.#source.replayed(restored.group);
      this.#kept = { hash: mls.groupInfoHash, group: restored.group };
    }
    return this.#kept.group;
  }

  /** The same with the proposals that are not decided yet, so that no burst of them is over the limits. */
  withUnderWay(mls: EpochInForce, terms: GroupTerms): PublicGroup {
    return [...this.#underWay].reduce(withProposal, this.at(mls, terms));
  }

  /** A proposal was judged and waits for its decision. */
  begin(proposal: NewProposal): void {
    this.#underWay.add(proposal);
  }

  /** It was decided: from here on commits may refer to one that the log holds. */
  settle(proposal: NewProposal, isLogged: boolean): void {
    this.#underWay.delete(proposal);
    if (isLogged && this.#kept !== undefined)
      this.#kept = { ...this.#kept, group: withProposal(this.#kept.group, proposal) };
  }
}

/** One of another epoch changes nothing, and one that nobody here can read is none of a followed group. */
function withProposal(group: PublicGroup, { epoch, proposal }: NewProposal): PublicGroup {
  if (proposal === undefined || BigInt(epoch) !== group.context.epoch) return group;
  return { ...group, proposals: new Map(group.proposals).set(toBase64(proposal.ref), proposal) };
}
