import {
  equalBytes,
  parseEntries,
  parseLogProof,
  replayEntries,
  replayJobs,
  replayRoot,
  replayWithPolicies,
  verifyInclusion,
  type ChainState,
  type EntryPage,
  type Event,
  type ReplayBatch,
  type ReplayCursor,
  type PolicyExecutor,
  type ReplayFault,
} from '../../core/index.ts';
import { UntrustedError } from '../errors.ts';
import { checkGenesis, openSigned, type ChainTrust } from './chain-trust.ts';
import type { LeafLog } from './leaf-log.ts';
import type { HeldCheckpoint } from './position.ts';

/** What a page is verified against: everything that was verified before it. */
export interface HeldChain {
  readonly cursor: ReplayCursor;
  readonly checkpoint: HeldCheckpoint | undefined;
  readonly leaves: LeafLog;
}

/** An entry that passed every check. Byte strings may be views into the page. */
export interface VerifiedEntry {
  readonly index: number;
  readonly relayTime: number;
  readonly event: Event;
  /** The payload or commit as it came with the entry; still to be compared with the hash that names it. */
  readonly payload: Uint8Array | undefined;
  /** After this entry. */
  readonly state: ChainState;
}

export interface VerifiedPage {
  /** Those that were new. */
  readonly entries: readonly VerifiedEntry[];
  readonly cursor: ReplayCursor;
  readonly checkpoint: HeldCheckpoint;
  /** How far the log reached when the page was made. */
  readonly offeredSize: number;
}

/** Two signed tree heads that the same entries contradict. */
export class Contradiction extends Error {
  readonly held: HeldCheckpoint;
  readonly offered: HeldCheckpoint;

  constructor(held: HeldCheckpoint, offered: HeldCheckpoint) {
    super('two signed checkpoints contradict each other');
    this.held = held;
    this.offered = offered;
  }
}

/**
 * Verifies a page of entries, in the order of `CL2`; the leaves of what passes are pushed to `held.leaves`, for the caller
 * to store or roll back. Throws an UntrustedError at the first check that fails, or a Contradiction where the relay
 * signed what can't both be true. `fetchProof` is asked where the page ends before its checkpoint does.
 */
export async function verifyPage(
  page: EntryPage,
  held: HeldChain,
  trust: ChainTrust,
  fetchProof: (index: number) => Promise<string>,
): Promise<VerifiedPage> {
  const offered = await openSigned(page.checkpoint, trust);
  const { batch, payloads } = selectNew(page, held);
  const verdicts = await trust.check(replayJobs(batch));
  const replayed = await replay(batch, verdicts, payloads, { ...held, executor: trust.executor });
  if (held.cursor.size === 0 && replayed.cursor.state !== undefined) checkGenesis(replayed.cursor.state, trust);
  const covering = await proveCovered(replayed, offered, held, { trust, fetchProof });
  checkContinuation(replayed, covering, held);
  const { entries, cursor } = replayed;
  return { entries, cursor, checkpoint: nextHeld(held.checkpoint, covering, cursor.size), offeredSize: offered.size };
}

interface NewEntries {
  readonly batch: ReplayBatch;
  readonly payloads: readonly (Uint8Array | undefined)[];
}

/** Leaves out what is held already, which happens where a socket and a request overlap; it must be the same, though. */
function selectNew(page: EntryPage, { cursor, leaves }: HeldChain): NewEntries {
  const batch = parseEntries(page.entries.map(({ entry }) => entry));
  const firstNew = batch.steps.findIndex(({ entry }) => entry.index >= cursor.size);
  const skipped = firstNew < 0 ? batch.steps.length : firstNew;
  for (const { entry, leaf } of batch.steps.slice(0, skipped)) {
    const known = leaves.at(entry.index);
    if (known === undefined || !equalBytes(known.hash, leaf)) throw entryError('differs from what it was', entry.index);
  }
  return {
    batch: { steps: batch.steps.slice(skipped), endsMalformed: batch.endsMalformed },
    payloads: page.entries.slice(skipped).map(({ payload }) => payload),
  };
}

interface Replayed {
  readonly entries: readonly VerifiedEntry[];
  readonly cursor: ReplayCursor;
  /** The root at the size of the checkpoint that is held, once the entries reach it. */
  readonly rootAtHeld: Uint8Array | undefined;
}

/** One entry at a time, since readers need the state after each. */
async function replay(
  { steps, endsMalformed }: ReplayBatch,
  verdicts: readonly boolean[],
  payloads: readonly (Uint8Array | undefined)[],
  { cursor: start, checkpoint, leaves, executor }: HeldChain & { readonly executor: PolicyExecutor },
): Promise<Replayed> {
  let cursor = start;
  let rootAtHeld = cursor.size === checkpoint?.size ? replayRoot(cursor) : undefined;
  const entries: VerifiedEntry[] = [];
  for (const [i, step] of steps.entries()) {
    const signatures = [verdicts[i] === true];
    const one = { steps: [step], endsMalformed: false };
    let next = replayEntries(cursor, one, signatures, leaves);
    // Nothing is waited for but a policy: pages are long.
    if (!next.ok && next.error.code === 'policies-not-run') {
      next = await replayWithPolicies(cursor, one, { signatures, history: leaves, executor });
    }
    if (!next.ok) throw faultError(next.error);
    cursor = next.value;
    if (cursor.size === checkpoint?.size) rootAtHeld = replayRoot(cursor);
    const { entry, signed } = step;
    const state = cursor.state as ChainState;
    entries.push({ index: entry.index, relayTime: entry.relayTime, event: signed.event, payload: payloads[i], state });
  }
  if (endsMalformed) throw entryError('malformed-entry', cursor.size);
  return { entries, cursor, rootAtHeld };
}

interface ProofSource {
  readonly trust: ChainTrust;
  readonly fetchProof: (index: number) => Promise<string>;
}

/**
 * The signed tree head that vouches for everything up to the cursor: the page's own where it ends there, else one under
 * which the last entry is proven. Since entries name their predecessors, that one proof covers them all.
 */
async function proveCovered(
  { cursor, entries }: Replayed,
  offered: HeldCheckpoint,
  { leaves }: HeldChain,
  { trust, fetchProof }: ProofSource,
): Promise<HeldCheckpoint> {
  if (offered.size === cursor.size) {
    if (equalBytes(replayRoot(cursor), offered.root)) return offered;
    throw new UntrustedError('root-mismatch', `the entries do not add up to the checkpoint of size ${offered.size}`);
  }
  if (offered.size < cursor.size) {
    if (entries.length > 0)
      throw new UntrustedError('uncovered-entries', 'entries came without a checkpoint over them');
    if (equalBytes(leaves.rootAt(offered.size), offered.root)) return offered;
    throw new UntrustedError('root-mismatch', `the checkpoint of size ${offered.size} is not of the log that was read`);
  }
  if (cursor.size === 0) return offered;
  return openProof(await fetchProof(cursor.size - 1), cursor, trust);
}

async function openProof(text: string, { size, head }: ReplayCursor, trust: ChainTrust): Promise<HeldCheckpoint> {
  const parsed = parseLogProof(text);
  if (!parsed.ok) throw new UntrustedError('proof-invalid', 'a proof has not the form of one', size - 1);
  const { index, path, checkpoint: note } = parsed.value;
  const checkpoint = await openSigned(note, trust);
  const claim = { index, size: checkpoint.size, leaf: head, root: checkpoint.root, proof: path };
  if (index === size - 1 && verifyInclusion(claim)) return checkpoint;
  throw new UntrustedError('proof-invalid', `entry ${size - 1} is not proven under the checkpoint`, size - 1);
}

/** The entries are those of the new checkpoint: where they contradict the one that was held, the relay signed both. */
function checkContinuation({ rootAtHeld }: Replayed, covering: HeldCheckpoint, { checkpoint }: HeldChain): void {
  if (checkpoint === undefined || rootAtHeld === undefined) return;
  if (!equalBytes(rootAtHeld, checkpoint.root)) throw new Contradiction(checkpoint, covering);
}

/** A promise of the relay that the entries have not reached yet is kept until they do, or it could be broken unseen. */
function nextHeld(held: HeldCheckpoint | undefined, covering: HeldCheckpoint, size: number): HeldCheckpoint {
  return held !== undefined && (held.size > size || held.size > covering.size) ? held : covering;
}

function faultError({ code, rule, index }: ReplayFault): UntrustedError {
  return entryError(rule === undefined ? code : `${code} (${rule})`, index);
}

function entryError(what: string, index: number): UntrustedError {
  return new UntrustedError('entry-invalid', `entry ${index}: ${what}`, index);
}
