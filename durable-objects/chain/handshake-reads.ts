import { encode, epochProposals, equalBytes, err, isOpaque, ok, sha256, toBase64 } from '../../core/index.ts';
import { parseRatchetTree, ratchetTreeOf } from '../../core/mls/index.ts';
import { groupTermsOf, isMember, lastEpochOf, mlsStateOf, readsHead, type Answer } from '../../relay/index.ts';
import type { GroupInForce } from './group-in-force.ts';
import type { Sequencer } from './sequencer.ts';
import type { ChainStore } from './store.ts';

const NOTHING = new Uint8Array();
/** Trees that are asked for now and then: the one in force, and those of late joiners. */
const MAX_WHOLE_TREES = 64;

export interface HandshakeReadsParts {
  readonly store: Pick<ChainStore, 'handshakes' | 'log'>;
  readonly sequencer: Sequencer;
  readonly clock: () => number;
  readonly group: GroupInForce;
}

/** What an MLS group gives its members of its handshakes: GroupInfo, proposals and ratchet trees. */
export class HandshakeReads {
  readonly #parts: HandshakeReadsParts;
  /** Tree hashes of stored trees that were found to have them, base64. */
  readonly #wholeTrees = new Set<string>();

  constructor(parts: HandshakeReadsParts) {
    this.#parts = parts;
  }

  /** Of the current epoch, or of the one before, for whoever checks what a report says (`RC2`). */
  groupInfo(actor: Uint8Array | undefined, epoch: number | undefined): Answer {
    const { state } = this.#parts.sequencer.head;
    if (!isMember(state, actor)) return err({ code: 'not-found' });
    const mls = mlsStateOf(state);
    if (mls === undefined) return err({ code: 'mls-not-created' });
    if (isOpaque(state.value.genesis)) return err({ code: 'opaque-handshakes' });
    const { handshakes } = this.#parts.store;
    if (epoch === undefined || epoch === mls.epoch) {
      const bytes = handshakes.read(mls.groupInfoHash, this.#parts.clock());
      const isWhole = bytes !== undefined && equalBytes(sha256(bytes), mls.groupInfoHash);
      return isWhole ? ok(bytes) : err({ code: 'group-info-lost' });
    }
    const [former] = epoch === mls.epoch - 1 ? handshakes.inForceAt('group-info', epoch) : [];
    const isWhole = former !== undefined && equalBytes(sha256(former.bytes), former.hash);
    return isWhole ? ok(former.bytes) : err({ code: 'not-found' });
  }

  /** What a commit of the epoch in force may refer to. */
  proposals(actor: Uint8Array | undefined): Answer {
    const { state, size } = this.#parts.sequencer.head;
    if (!readsHead(state, size, actor)) return err({ code: 'not-found' });
    const mls = mlsStateOf(state);
    if (mls === undefined) return err({ code: 'mls-not-created' });
    const proposals = this.#parts.store.handshakes.inForceAt('proposal', mls.epoch).map(({ bytes }) => bytes);
    return ok(encode(epochProposals, { epoch: mls.epoch, proposals }));
  }

  /** A ratchet tree, to those who are or were in its epoch (`ML92`). */
  tree(actor: Uint8Array | undefined, hash: Uint8Array): Answer {
    const { state } = this.#parts.sequencer.head;
    const mls = mlsStateOf(state);
    if (mls === undefined || isOpaque(state.value.genesis)) return err({ code: 'not-found' });
    const isCurrent = equalBytes(hash, mls.treeHash);
    const tree = this.#findTree(hash, mls.epoch) ?? (isCurrent ? { bytes: NOTHING, epoch: mls.epoch } : undefined);
    const lastEpoch = lastEpochOf(state, actor, (index) => this.#parts.store.log.entry(index));
    if (tree === undefined || lastEpoch === undefined || tree.epoch > lastEpoch) return err({ code: 'not-found' });
    const bytes = this.#isWhole(tree.bytes, hash) ? tree.bytes : isCurrent ? this.#parts.group.mendedTree() : undefined;
    return bytes === undefined ? err({ code: 'not-found' }) : ok(bytes);
  }

  /** By every leaf and node of it, once for each tree and life of the object: a large one takes a while to hash (`ML96`). */
  #isWhole(bytes: Uint8Array, hash: Uint8Array): boolean {
    const name = toBase64(hash);
    if (this.#wholeTrees.has(name)) return true;
    const tree = parseRatchetTree(bytes, groupTermsOf(this.#parts.sequencer.head.state));
    if (!tree.ok || !equalBytes(tree.value.hash, hash)) return false;
    if (this.#wholeTrees.size >= MAX_WHOLE_TREES) this.#wholeTrees.clear();
    this.#wholeTrees.add(name);
    return true;
  }

  /** Beside its GroupInfo, or in it. */
  #findTree(hash: Uint8Array, epoch: number): { readonly bytes: Uint8Array; readonly epoch: number } | undefined {
    const { handshakes } = this.#parts.store;
    const beside = handshakes.readTree(hash, this.#parts.clock());
    if (beside !== undefined) return beside;
    const inForce = [epoch, epoch - 1].flatMap((each) => handshakes.inForceAt('group-info', each));
    for (const groupInfo of inForce) {
      const within = ratchetTreeOf(groupInfo.bytes);
      if (within !== undefined && equalBytes(within.hash, hash)) return { bytes: within.bytes, epoch: groupInfo.epoch };
    }
    return undefined;
  }
}
