import {
  appendAnswer,
  decodeTrusted,
  encode,
  encodeState,
  entryCodec,
  entryPage,
  epochProposals,
  equalBytes,
  err,
  formatLogProof,
  inclusionProof,
  isOpaque,
  MAX_MISSED_ENTRIES,
  MAX_PAGE_BYTES,
  MAX_PAGE_ENTRIES,
  moduleList,
  moduleRevokedAt,
  ok,
  rangeFromNodes,
  readableUntil,
  registryAnswer,
  sha256,
  stateAnswer,
  toBase64,
  utf8ToBytes,
  type EntryPage,
  type Result,
  type StateAnswer,
} from '../../core/index.ts';
import { parseRatchetTree, ratchetTreeOf } from '../../core/mls/index.ts';
import {
  authoriseRead,
  endOfReading,
  groupTermsOf,
  isMember,
  lastEpochOf,
  readsHead,
  signCheckpoint,
  type Answer,
  type Quotable,
  type RelayRefusal,
} from '../../relay/index.ts';
import type { HistoryPage } from '../sockets/stream-sockets.ts';
import { entriesFrame } from './frames.ts';
import type { Passage } from './passage.ts';
import type { Sequencer } from './sequencer.ts';
import type { ChainStore, LogPageRow } from './store.ts';
import type { ColdPayloads } from './tiers/cold-payloads.ts';

/** As the present, it makes nothing expired. */
const BEGINNING = 0;
const NOTHING = new Uint8Array();
/** Trees that are asked for now and then: the one in force, and those of late joiners. */
const MAX_WHOLE_TREES = 64;
/** Bytes of entries that one refusal quotes. */
const MAX_QUOTED_BYTES = 524_288;

/** What a chain tells those who may read it. Every answer is cut at the reader's last permitted entry. */
export class ChainReads implements Quotable {
  readonly #store: ChainStore;
  readonly #sequencer: Sequencer;
  readonly #cold: ColdPayloads;
  readonly #clock: () => number;
  readonly #mendedTree: () => Uint8Array | undefined;
  /** Tree hashes of stored trees that were found to have them, base64. */
  readonly #wholeTrees = new Set<string>();

  constructor(parts: {
    readonly store: ChainStore;
    readonly sequencer: Sequencer;
    readonly cold: ColdPayloads;
    readonly clock: () => number;
    /** Makes the tree in force anew, and stores it again. */
    readonly mendedTree: () => Uint8Array | undefined;
  }) {
    this.#store = parts.store;
    this.#sequencer = parts.sequencer;
    this.#cold = parts.cold;
    this.#clock = parts.clock;
    this.#mendedTree = parts.mendedTree;
  }

  /** Whether this actor may read anything here. */
  isOpenTo(actor: Uint8Array | undefined): boolean {
    return readableUntil(this.#sequencer.head.state, actor) !== undefined;
  }

  /** Whether this actor may read on here, as a page of entries would say it. */
  permits(actor: Uint8Array | undefined): Result<unknown, RelayRefusal> {
    const { state, size } = this.#sequencer.head;
    return authoriseRead(state, size, actor, { from: 0, limit: 1 });
  }

  entries(actor: Uint8Array | undefined, from: number, limit: number): Answer | Promise<Answer> {
    const { state, size } = this.#sequencer.head;
    const range = authoriseRead(state, size, actor, { from, limit });
    if (!range.ok) return range;
    const page = this.page(range.value.from, range.value.end, range.value.knownSize);
    return then(page, (read): Answer => ok(encode(entryPage, read)));
  }

  /**
   * Entries from `from` up to `end` or until the page is full, under a checkpoint of what this reader may know of. At once
   * where none of their payloads is cold.
   */
  page(from: number, end: number, knownSize: number): EntryPage | Promise<EntryPage> {
    const query = { from, limit: Math.max(end - from, 0), maxBytes: MAX_PAGE_BYTES, now: this.#clock() };
    const pageOf = (rows: readonly LogPageRow[]): EntryPage => ({
      entries: rows.map(({ entry, payload }) => ({ entry, payload })),
      checkpoint: this.checkpointAt(knownSize),
    });
    return then(this.#cold.page(query), pageOf);
  }

  /** The next part of the first `size` entries, for a stream, cut where the actor's reading ends. */
  history(actor: Uint8Array, from: number, size: number): HistoryPage | Promise<HistoryPage> {
    const { head } = this.#sequencer;
    const end = endOfReading(head.state, actor);
    const known = Math.min(size, head.size, end ?? size);
    const historyOf = (page: EntryPage | undefined): HistoryPage => {
      const next = from + (page?.entries.length ?? 0);
      const frame = page && entriesFrame(page);
      return end !== undefined && next >= end ? { frame, next, ending: removedAt(end) } : { frame, next };
    };
    return from < known
      ? then(this.page(from, Math.min(known, from + MAX_PAGE_ENTRIES), known), historyOf)
      : historyOf(undefined);
  }

  /** What readers of the whole log have not got from `first` on, as much as a frame holds. */
  async passageFrom(first: number, actors: readonly Uint8Array[]): Promise<Passage> {
    const { size } = this.#sequencer.head;
    if (first >= size) return { first, next: size, frames: [], ended: [] };
    const page = await this.page(first, Math.min(size, first + MAX_PAGE_ENTRIES), size);
    // Of this moment: whoever was removed while the page was read is not to get what comes after.
    const { state } = this.#sequencer.head;
    const ended = actors.filter((actor) => endOfReading(state, actor) !== undefined);
    return { first, next: first + page.entries.length, frames: [entriesFrame(page)], ended };
  }

  /** Why an actor reads no more; undefined while it does. */
  barred(actor: Uint8Array): RelayRefusal | undefined {
    const end = endOfReading(this.#sequencer.head.state, actor);
    return end === undefined ? undefined : removedAt(end);
  }

  payload(actor: Uint8Array | undefined, hash: Uint8Array): Answer | Promise<Answer> {
    const { state, size } = this.#sequencer.head;
    const range = authoriseRead(state, size, actor, { from: 0, limit: 1 });
    if (!range.ok) return range;
    const now = this.#clock();
    const { payloads, handshakes } = this.#store;
    const index = payloads.find(hash, now);
    if (index !== undefined && index < range.value.knownSize) {
      const bytes = payloads.read(index, now);
      if (bytes !== undefined) return ok(bytes);
    }
    // A proposal outlives its time as a payload while a commit may refer to it, or can be followed (`MB7`).
    const proposal = readsHead(state, size, actor) ? handshakes.readProposal(hash, now) : undefined;
    if (proposal !== undefined) return ok(proposal);
    const cold = this.#cold.find(hash, range.value.knownSize);
    if (cold !== undefined && cold.place.expiresAt > now) return this.#cold.read(cold.segment, cold.place);
    // Bytes that remain past their time are only good for saying so (`PL3`).
    const lapsed = cold?.place.index ?? payloads.find(hash, BEGINNING);
    return err({ code: lapsed !== undefined && lapsed < range.value.knownSize ? 'payload-expired' : 'not-found' });
  }

  state(actor: Uint8Array | undefined): Answer {
    const { state, size } = this.#sequencer.head;
    if (!readsHead(state, size, actor)) return err({ code: 'not-found' });
    return ok(encode(stateAnswer, this.#stateAnswer()));
  }

  #stateAnswer(): StateAnswer {
    const { state, size } = this.#sequencer.head;
    const bytes = encodeState(state);
    return { index: size - 1, digest: sha256(bytes), state: bytes, checkpoint: this.#sequencer.checkpoint };
  }

  /** Registries are public: nobody is asked who they are (`AR2`). */
  registry(): Answer {
    const { state, chain } = this.#sequencer.head;
    if (state.kind !== 'registry') return err({ code: 'no-registry' });
    return ok(encode(registryAnswer, { registry: chain, state: this.#stateAnswer() }));
  }

  modules(): Answer {
    const { state } = this.#sequencer.head;
    if (state.kind !== 'registry') return err({ code: 'no-registry' });
    const modules = state.value.modules.map(({ manifest, index }) => ({
      manifest,
      index,
      revokedAt: moduleRevokedAt(state.value, manifest.hash),
    }));
    return ok(encode(moduleList, { modules }));
  }

  module(hash: Uint8Array): Answer {
    const bytes = this.#store.modules.read(hash);
    return bytes === undefined ? err({ code: 'not-found' }) : ok(bytes);
  }

  /** Of the current epoch, or of the one before, for whoever checks what a report says (`RC2`). */
  groupInfo(actor: Uint8Array | undefined, epoch: number | undefined): Answer {
    const { state } = this.#sequencer.head;
    if (!isMember(state, actor)) return err({ code: 'not-found' });
    const mls = state.kind === 'group' ? state.value.mls : undefined;
    if (mls === undefined) return err({ code: 'mls-not-created' });
    if (isOpaque(state.value.genesis)) return err({ code: 'opaque-handshakes' });
    const { handshakes } = this.#store;
    if (epoch === undefined || epoch === mls.epoch) {
      const bytes = handshakes.read(mls.groupInfoHash, this.#clock());
      const isWhole = bytes !== undefined && equalBytes(sha256(bytes), mls.groupInfoHash);
      return isWhole ? ok(bytes) : err({ code: 'group-info-lost' });
    }
    const [former] = epoch === mls.epoch - 1 ? handshakes.inForceAt('group-info', epoch) : [];
    const isWhole = former !== undefined && equalBytes(sha256(former.bytes), former.hash);
    return isWhole ? ok(former.bytes) : err({ code: 'not-found' });
  }

  /** What a commit of the epoch in force may refer to. */
  proposals(actor: Uint8Array | undefined): Answer {
    const { state, size } = this.#sequencer.head;
    if (!readsHead(state, size, actor)) return err({ code: 'not-found' });
    const mls = state.kind === 'group' ? state.value.mls : undefined;
    if (mls === undefined) return err({ code: 'mls-not-created' });
    const proposals = this.#store.handshakes.inForceAt('proposal', mls.epoch).map(({ bytes }) => bytes);
    return ok(encode(epochProposals, { epoch: mls.epoch, proposals }));
  }

  /** A ratchet tree, to those who are or were in its epoch (`ML92`). */
  tree(actor: Uint8Array | undefined, hash: Uint8Array): Answer {
    const { state } = this.#sequencer.head;
    const mls = state.kind === 'group' ? state.value.mls : undefined;
    if (mls === undefined || isOpaque(state.value.genesis)) return err({ code: 'not-found' });
    const isCurrent = equalBytes(hash, mls.treeHash);
    const tree = this.#findTree(hash, mls.epoch) ?? (isCurrent ? { bytes: NOTHING, epoch: mls.epoch } : undefined);
    const lastEpoch = lastEpochOf(state, actor, (index) => this.#store.log.entry(index));
    if (tree === undefined || lastEpoch === undefined || tree.epoch > lastEpoch) return err({ code: 'not-found' });
    const bytes = this.#isWhole(tree.bytes, hash) ? tree.bytes : isCurrent ? this.#mendedTree() : undefined;
    return bytes === undefined ? err({ code: 'not-found' }) : ok(bytes);
  }

  /** By every leaf and node of it, once for each tree and life of the object: a large one takes a while to hash (`ML96`). */
  #isWhole(bytes: Uint8Array, hash: Uint8Array): boolean {
    const name = toBase64(hash);
    if (this.#wholeTrees.has(name)) return true;
    const tree = parseRatchetTree(bytes, groupTermsOf(this.#sequencer.head.state));
    if (!tree.ok || !equalBytes(tree.value.hash, hash)) return false;
    if (this.#wholeTrees.size >= MAX_WHOLE_TREES) this.#wholeTrees.clear();
    this.#wholeTrees.add(name);
    return true;
  }

  /** Beside its GroupInfo, or in it. */
  #findTree(hash: Uint8Array, epoch: number): { readonly bytes: Uint8Array; readonly epoch: number } | undefined {
    const { handshakes } = this.#store;
    const beside = handshakes.readTree(hash, this.#clock());
    if (beside !== undefined) return beside;
    const inForce = [epoch, epoch - 1].flatMap((each) => handshakes.inForceAt('group-info', each));
    for (const groupInfo of inForce) {
      const within = ratchetTreeOf(groupInfo.bytes);
      if (within !== undefined && equalBytes(within.hash, hash)) return { bytes: within.bytes, epoch: groupInfo.epoch };
    }
    return undefined;
  }

  checkpoint(actor: Uint8Array | undefined): Answer {
    const { state, size } = this.#sequencer.head;
    const range = authoriseRead(state, size, actor, { from: size - 1, limit: 1 });
    return range.ok ? ok(utf8ToBytes(this.checkpointAt(range.value.knownSize))) : range;
  }

  proof(actor: Uint8Array | undefined, index: number): Answer {
    const { state, size } = this.#sequencer.head;
    const range = authoriseRead(state, size, actor, { from: index, limit: 1 });
    if (!range.ok) return range;
    const { knownSize } = range.value;
    return index < knownSize ? ok(utf8ToBytes(this.#proofText(index, knownSize))) : err({ code: 'not-found' });
  }

  /** What founding answers, again for a retry: the receipt of entry 0, which tells nothing of what came after (`WI6`). */
  genesisReceipt(): Uint8Array {
    const genesis = this.#store.log.entry(0);
    if (genesis === undefined) throw new Error('a founded chain has a genesis');
    const { index, relayTime, prev } = decodeTrusted(entryCodec, genesis);
    const outcome = { kind: 'accepted', value: { index, relayTime, prev } } as const;
    return encode(appendAnswer, { outcomes: [outcome], checkpoint: this.checkpointAt(1) });
  }

  entriesFrom(from: number): readonly Uint8Array[] {
    const query = { from, limit: MAX_MISSED_ENTRIES, maxBytes: MAX_QUOTED_BYTES, now: this.#clock() };
    return this.#store.log.page(query).map(({ entry }) => entry);
  }

  payloadOf(index: number): Uint8Array | undefined {
    return this.#store.payloads.read(index, this.#clock());
  }

  proofOf(index: number): string {
    return this.#proofText(index, this.#sequencer.head.size);
  }

  /** C2SP tlog-proof of an entry in the tree of `size`. */
  #proofText(index: number, size: number): string {
    const path = inclusionProof(index, size, this.#store.log.node);
    return formatLogProof({ index, path, checkpoint: this.checkpointAt(size) });
  }

  /** The signed checkpoint of the first `size` entries. A removed reader gets the tree as it was at its removal. */
  checkpointAt(size: number): string {
    const { head, checkpoint, signer } = this.#sequencer;
    if (size === head.size) return checkpoint;
    return signCheckpoint({ size, range: rangeFromNodes(size, this.#store.log.node) }, signer);
  }
}

/** What follows, in the same turn where it can: a stream may not be held up for what is at hand. */
function then<T, U>(value: T | Promise<T>, next: (value: T) => U): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function removedAt(end: number): RelayRefusal {
  return { code: 'actor-removed', at: Math.max(end - 1, 0) };
}
