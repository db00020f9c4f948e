import type { ChainId, ChainState, EntryPage } from '../../core/index.ts';
import { UntrustedError, type UntrustedCode } from '../errors.ts';
import { LocalPolicyExecutor } from '../policy-executor.ts';
import type { RelayClient } from '../relay-client.ts';
import { SharedTask } from '../shared-task.ts';
import type { Storage, StorageWrite } from '../storage.ts';
import { pagesFrom } from './catch-up.ts';
import { chainKeys, type ChainKeys } from './chain-keys.ts';
import { ChainRecords } from './chain-records.ts';
import { chainTrust, openSigned, type ChainTrust, type CheckSignatures, type PinnedRelay } from './chain-trust.ts';
import { provesFork } from './fork-inquiry.ts';
import {
  Contradiction,
  verifyPage,
  type HeldChain,
  type VerifiedEntry,
  type VerifiedPage,
} from './page-verification.ts';
import type { HeldCheckpoint, Position } from './position.ts';

/** What following a chain needs of its session. */
export interface ChainContext {
  readonly client: RelayClient;
  readonly storage: Storage;
  readonly relay: PinnedRelay;
  readonly check: CheckSignatures;
}

/** What is made of verified entries. Its writes are stored in one commit with the position that they belong to (`CL8`). */
export interface EntryReader {
  /** Called under the chain's lock, with the entries of one page in order, each entry once. */
  read(page: VerifiedPage): Promise<readonly StorageWrite[]>;
  /**
   * How many of the entries are for this reader: all of them, unless its reading ends within. Nothing after that is taken,
   * now or later.
   */
  endOf?(entries: readonly VerifiedEntry[], before: ChainState | undefined): Promise<number>;
}

/** A chain as far as it was verified. Values, not views: a later page makes a new one. */
export interface FollowedChain extends Position {
  readonly state: ChainState;
  readonly checkpoint: HeldCheckpoint;
}

export interface PageOutcome {
  /** Verified entries, those of the page included. */
  readonly size: number;
  /** How far the log reached when the page was made. */
  readonly offeredSize: number;
}

/** Failures of a page that a second history would also cause. */
const SUSPICIOUS: ReadonlySet<UntrustedCode> = new Set([
  'entry-invalid',
  'root-mismatch',
  'uncovered-entries',
  'proof-invalid',
]);

/**
 * Follows one chain: takes pages of entries from anywhere, verifies them (`CL2`) and stores how far it came. Several
 * followers of one chain, also in other processes, share the position through the storage.
 */
export class ChainFollower {
  readonly chain: ChainId;
  readonly keys: ChainKeys;
  readonly #context: ChainContext;
  readonly #trust: ChainTrust;
  readonly #reader: EntryReader | undefined;
  readonly #records: ChainRecords;
  readonly #catchingUp = new SharedTask((signal) => this.#readToEnd(signal));
  readonly #listeners = new Set<() => void>();

  constructor(context: ChainContext, chain: ChainId, reader?: EntryReader) {
    this.chain = chain;
    this.keys = chainKeys(chain);
    this.#context = context;
    const { relay, client, check } = context;
    const executor = new LocalPolicyExecutor((hash) => client.module(hash));
    this.#trust = chainTrust(relay, chain, { check, executor });
    this.#reader = reader;
    this.#records = new ChainRecords(context.storage, this.keys, chain);
  }

  /** Calls `listener` whenever the verified position changed. Returns the way to end that. */
  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The chain as it was last verified, by this process or another; undefined before the first page. */
  async current(): Promise<FollowedChain | undefined> {
    if (!(await this.#records.isCurrent())) return this.exclusive(async (chain) => chain);
    await this.#records.assertNotForked();
    return followed(this.#records.position);
  }

  /** The same, read from the relay where nothing is known yet. */
  async known(signal?: AbortSignal): Promise<FollowedChain> {
    const stored = await this.current();
    if (stored !== undefined) return stored;
    await this.catchUp(signal);
    const read = await this.current();
    if (read === undefined) throw new UntrustedError('malformed-answer', 'the relay shows a chain without entries');
    return read;
  }

  /** Runs a task while no page is taken and nothing else of this chain changes, in any process. */
  async exclusive<T>(task: (chain: FollowedChain | undefined) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#context.storage.exclusive(
      this.keys.root,
      async () => {
        await this.#load();
        return task(followed(this.#records.position));
      },
      signal,
    );
  }

  /** Reads and verifies what the relay has beyond the position. Calls at the same time share one reading. */
  async catchUp(signal?: AbortSignal): Promise<void> {
    return this.#catchingUp.run(signal);
  }

  async #readToEnd(signal: AbortSignal): Promise<void> {
    const before = await this.current();
    let from = before?.cursor.size ?? 0;
    for await (const page of pagesFrom(from, { client: this.#context.client, chain: this.chain, signal })) {
      from += page.entries.length;
      const { size, offeredSize } = await this.take(page, signal);
      this.#assertNotBehind(offeredSize, before?.checkpoint);
      // Reading ended within the page: the rest is not for this reader.
      if (size < from) return;
    }
  }

  /** A relay that shows less than it has shown before lost entries or was set back; or someone repeats an old answer. */
  #assertNotBehind(offeredSize: number, before: HeldCheckpoint | undefined): void {
    if (before === undefined || offeredSize >= before.size) return;
    const message = `the relay shows ${offeredSize} entries of a chain that had ${before.size}`;
    throw new UntrustedError('checkpoint-older', message);
  }

  /**
   * Verifies a page and stores what it brought, whole or not at all. A page that begins where an earlier one ended, or
   * before, fits; one that leaves a gap is refused.
   */
  async take(page: EntryPage, signal?: AbortSignal): Promise<PageOutcome> {
    return this.#context.storage.exclusive(this.keys.root, () => this.#take(page, signal), signal);
  }

  async #take(page: EntryPage, signal: AbortSignal | undefined): Promise<PageOutcome> {
    await this.#load();
    const held = { ...this.#records.position, leaves: this.#records.leaves };
    const fetchProof = (index: number): Promise<string> => this.#context.client.proof(this.chain, index, signal);
    try {
      let verified = await verifyPage(page, held, this.#trust, fetchProof);
      const { entries, offeredSize } = verified;
      const wanted = (await this.#reader?.endOf?.(entries, held.cursor.state)) ?? entries.length;
      if (wanted < entries.length) {
        held.leaves.rollBack();
        if (wanted === 0) return { size: held.cursor.size, offeredSize };
        // The part that is wanted must be covered by a signed head of its own.
        const part = { ...page, entries: page.entries.slice(0, wanted - entries.length) };
        verified = await verifyPage(part, held, this.#trust, fetchProof);
      }
      await this.#store(verified);
      return { size: verified.cursor.size, offeredSize };
    } catch (error) {
      held.leaves.rollBack();
      throw await this.#judge(error, page, held, signal);
    }
  }

  async #store(verified: VerifiedPage): Promise<void> {
    const { cursor, checkpoint, entries } = verified;
    const isNewer = checkpoint.size > (this.#records.position.checkpoint?.size ?? -1);
    if (entries.length === 0 && !isNewer) return;
    const changes = entries.length > 0 ? await this.#reader?.read(verified) : undefined;
    await this.#records.store({ cursor, checkpoint }, changes ?? []);
    this.#announce();
  }

  /** What a failed page means: a fork where it is proven, which is kept; else the failure itself. */
  async #judge(error: unknown, page: EntryPage, held: HeldChain, signal: AbortSignal | undefined): Promise<unknown> {
    if (error instanceof Contradiction) return this.#stop(error.held, error.offered);
    if (!(error instanceof UntrustedError) || !SUSPICIOUS.has(error.code)) return error;
    const source = { client: this.#context.client, chain: this.chain, signal };
    try {
      const offered = await openSigned(page.checkpoint, this.#trust);
      if (held.checkpoint === undefined || !(await provesFork(offered, held, source))) return error;
      return await this.#stop(held.checkpoint, offered);
    } catch {
      // The inquiry could not be finished. What is known stands, and the next page brings the question up again.
      return error;
    }
  }

  async #stop(held: HeldCheckpoint, offered: HeldCheckpoint): Promise<unknown> {
    const fork = await this.#records.keepFork(held, offered);
    this.#announce();
    return fork;
  }

  async #load(): Promise<void> {
    await this.#records.assertNotForked();
    if (await this.#records.load()) this.#announce();
  }

  /** Verified leaf hash of an entry, once `current` or `exclusive` has shown that far. */
  leafAt(index: number): Uint8Array | undefined {
    return this.#records.leaves.at(index)?.hash;
  }

  /** Likewise, when the relay sequenced it. */
  relayTimeAt(index: number): number | undefined {
    return this.#records.leaves.at(index)?.relayTime;
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}

function followed(position: Position): FollowedChain | undefined {
  const { checkpoint, cursor } = position;
  return checkpoint && cursor.state && { ...position, checkpoint, state: cursor.state };
}
