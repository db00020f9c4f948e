import { equalBytes, sha256, toBase64 } from '../../core/index.ts';
import { addProposal, memberRules, restoreGroup, type GroupTerms, type PublicGroup } from '../../core/mls/index.ts';
import type { NewProposal } from '../../relay/index.ts';

/** Stored handshakes, of which the group is made. */
export interface StoredHandshakes {
  /** Bytes by their hash. */
  readonly groupInfo: (hash: Uint8Array) => Uint8Array | undefined;
  /** By its tree hash, where the GroupInfo doesn't hold it. */
  readonly tree: (treeHash: Uint8Array) => Uint8Array | undefined;
  /** The proposals of an epoch that is in force. */
  readonly proposals: (epoch: number) => readonly Uint8Array[];
}

/**
 * The MLS group that commits and proposals are judged by, in memory. A cache of the GroupInfo in force, which the state of the
 * chain names by its hash, of its tree, and of the epoch's proposals: the group is made of them anew whenever the one in memory is of
 * another epoch.
 */
export class FollowedGroup {
  readonly #stored: StoredHandshakes;
  #kept: { readonly hash: Uint8Array; readonly group: PublicGroup } | undefined;
  /** Judged, and not decided yet. No commit may refer to them, but they count. */
  readonly #underWay = new Set<NewProposal>();

  constructor(stored: StoredHandshakes) {
    this.#stored = stored;
  }

  /** Takes over the group that a commit led to, once the log holds it. */
  keep(hash: Uint8Array, group: PublicGroup): void {
    this.#kept = { hash, group };
  }

  /** Makes it anew the next time: what the store holds is not known. */
  forget(): void {
    this.#kept = undefined;
  }

  /** Undefined where the GroupInfo is not stored. Throws for stored bytes that are not what the state names. */
  at(hash: Uint8Array, terms: GroupTerms): PublicGroup | undefined {
    if (this.#kept === undefined || !equalBytes(this.#kept.hash, hash)) {
      const bytes = this.#stored.groupInfo(hash);
      if (bytes === undefined) return undefined;
      const restored = openStored(bytes, hash, terms, this.#stored.tree);
      this.#kept = { hash, group: this.#withStored(restored) };
    }
    return this.#kept.group;
  }

  /** The same with the proposals that are not decided yet, so that no burst of them is over the limits. */
  withUnderWay(hash: Uint8Array, terms: GroupTerms): PublicGroup | undefined {
    const group = this.at(hash, terms);
    return group && [...this.#underWay].reduce(withProposal, group);
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

  /** Their signatures were verified before they were stored. */
  #withStored(group: PublicGroup): PublicGroup {
    return this.#stored.proposals(Number(group.context.epoch)).reduce((before, bytes) => {
      const added = addProposal(before, bytes);
      if (!added.ok) throw new Error(`a stored proposal is refused: ${added.error.code}`);
      return added.value.group;
    }, group);
  }
}

/** One of another epoch changes nothing. */
function withProposal(group: PublicGroup, { epoch, proposal }: NewProposal): PublicGroup {
  if (BigInt(epoch) !== group.context.epoch) return group;
  return { ...group, proposals: new Map(group.proposals).set(toBase64(proposal.ref), proposal) };
}

/** Its signatures were verified before it was stored, so the hashes stand for them. */
function openStored(
  bytes: Uint8Array,
  hash: Uint8Array,
  terms: GroupTerms,
  treeOf: StoredHandshakes['tree'],
): PublicGroup {
  if (!equalBytes(sha256(bytes), hash)) throw new Error('the stored GroupInfo is not the one that the state names');
  const restored = restoreGroup(bytes, treeOf, memberRules(terms));
  if (!restored.ok) throw new Error(`the GroupInfo in force is refused: ${restored.error.code}`);
  return restored.value;
}
