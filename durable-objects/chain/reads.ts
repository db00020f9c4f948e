import {
  appendAnswer,
  decodeTrusted,
  encode,
  entryCodec,
  entryPage,
  err,
  formatLogProof,
  inclusionProof,
  MAX_MISSED_ENTRIES,
  MAX_PAGE_BYTES,
  MAX_PAGE_ENTRIES,
  ok,
  rangeFromNodes,
  readableUntil,
  utf8ToBytes,
  type EntryPage,
  type Result,
} from '../../core/index.ts';
import {
  authoriseRead,
  endOfReading,
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
/** Bytes of entries that one refusal quotes. */
const MAX_QUOTED_BYTES = 524_288;

/** What a chain's log tells those who may read it. Every answer is cut at the reader's last permitted entry. */
export class ChainReads implements Quotable {
  readonly #store: ChainStore;
  readonly #sequencer: Sequencer;
  readonly #cold: ColdPayloads;
  readonly #clock: () => number;

  constructor(parts: {
    readonly store: ChainStore;
    readonly sequencer: Sequencer;
    readonly cold: ColdPayloads;
    readonly clock: () => number;
  }) {
    this.#store = parts.store;
    this.#sequencer = parts.sequencer;
    this.#cold = parts.cold;
    this.#clock = parts.clock;
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
