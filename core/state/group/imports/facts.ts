import { opaque, opaqueVector, struct, text, vector, type Decoded } from '../../../codec/index.ts';
import { equalBytes } from '../../../bytes/index.ts';
import { chainOrigin } from '../../../chain/origin.ts';
import { checkSignaturesAtOnce, type VerifyJob } from '../../../crypto/index.ts';
import { HASH_BYTES, MAX_EVENT_BYTES } from '../../../event/index.ts';
import { rootOf, verifyConsistency } from '../../../merkle/index.ts';
import { openCheckpoint, verifierKeyOf } from '../../../note/index.ts';
import { err, ok, type Result } from '../../../result.ts';
import { MAX_CHECKPOINT_BYTES } from '../../../wire/limits.ts';
import {
  importEntry,
  NOTHING_IMPORTED,
  type ImportableState,
  type Import,
  type Imported,
  type ImportedKind,
} from './import-entry.ts';

/** Entries that one event imports; mostly it is full by their bytes earlier. */
export const MAX_IMPORTED_ENTRIES = 256;
/** Hashes of a consistency proof in the largest tree, and room to spare. */
const MAX_PROOF_HASHES = 128;

/** A part of another chain with all that shows it to be true (`NA4`). */
export const importedFacts = struct('ImportedFacts', {
  /** Entries as their relay sequenced them, from the first that the group lacks on, without a gap. */
  entries: vector(opaqueVector(MAX_EVENT_BYTES), MAX_IMPORTED_ENTRIES),
  /** RFC 9162 §2.1.4 proof from the end of the entries to the checkpoint; none where they end together. */
  consistency: vector(opaque(HASH_BYTES), MAX_PROOF_HASHES),
  /** Signed by the key that the chain's genesis pins. */
  checkpoint: text(MAX_CHECKPOINT_BYTES),
});

export type ImportedFacts = Decoded<typeof importedFacts>;

/** What is wrong with an import: `gap` and `link` of the chain, `rule` and `signature` of an entry, `checkpoint` of its end. */
export type FactsFault = 'entry' | 'gap' | 'link' | 'chain' | 'rule' | 'signature' | 'checkpoint' | 'root';

/** Why an import changes nothing. */
export type FactsRefusal =
  | { readonly code: 'facts-invalid'; readonly reason: FactsFault }
  | { readonly code: 'facts-old'; readonly size: number };

/** An import is judged by what came before it and what it brings. */
export interface FactsToRead<State extends ImportableState> {
  readonly kind: ImportedKind<State>;
  readonly chain: Uint8Array;
  /** Undefined where the group begins to follow the chain by this very event. */
  readonly known: Imported<State> | undefined;
  readonly facts: ImportedFacts;
}

/**
 * What is known of the chain after an import that the rules have let in. Replays the entries by that chain's own rules, without
 * their signatures: `proveFacts` came before.
 */
export function readFacts<State extends ImportableState>(
  given: FactsToRead<State>,
): Result<Imported<State>, FactsRefusal> {
  return replayFacts(given, []);
}

/**
 * The same with every signature (`NA4`): entries follow each other and what was known, each is what the rules of its chain let
 * in, and the key that the genesis pins has signed the tree that they lead to. Nothing from outside is asked, so whoever
 * reads the log comes to the same. That one signature is looked at first: what no relay has signed costs no more than it.
 */
export function proveFacts<State extends ImportableState>(
  given: FactsToRead<State>,
): Result<Imported<State>, FactsRefusal> {
  const jobs: VerifyJob[] = [];
  const imported = replayFacts(given, jobs);
  if (!imported.ok) return imported;
  const ofTree = jobs.splice(-1);
  const isSigned = [ofTree, jobs].every((some) => checkSignaturesAtOnce(some).every(Boolean));
  return isSigned ? imported : invalid('signature');
}

/** Leaves in `jobs` what has to be signed, the checkpoint last. */
function replayFacts<State extends ImportableState>(
  { kind, chain, known, facts }: FactsToRead<State>,
  jobs: VerifyJob[],
): Result<Imported<State>, FactsRefusal> {
  if (facts.entries.length === 0) return old(known);
  const later = (some: readonly VerifyJob[]): boolean[] => some.map((job) => jobs.push(job) > 0);
  let next: Import<State> = known ?? NOTHING_IMPORTED;
  for (const bytes of facts.entries) {
    const imported = importEntry(next, { kind, chain, bytes }, later);
    if (!imported.ok) return imported.error === 'old' ? old(known) : invalid(imported.error);
    next = imported.value;
  }
  if (next.state === undefined) return invalid('entry');
  const imported = { ...next, state: next.state };
  const fault = checkTree(imported, { chain, facts }, later);
  return fault === undefined ? ok(imported) : invalid(fault);
}

/** The signed tree is the one that these entries end, or has grown from it. */
function checkTree(
  { size, range, state }: Imported<ImportableState>,
  { chain, facts }: Pick<FactsToRead<ImportableState>, 'chain' | 'facts'>,
  verify: (jobs: readonly VerifyJob[]) => boolean[],
): FactsFault | undefined {
  const { relayName, checkpointKey } = state.genesis;
  const origin = chainOrigin(relayName, chain);
  const logKey = verifierKeyOf(origin, 'ed25519', checkpointKey);
  const opened = openCheckpoint(facts.checkpoint, { origin, logKey, verify });
  if (!opened.ok) return opened.error.code === 'note-signature-invalid' ? 'signature' : 'checkpoint';
  const signed = opened.value.checkpoint;
  const root = rootOf({ size, nodes: range });
  if (signed.size === size) return facts.consistency.length === 0 && equalBytes(signed.root, root) ? undefined : 'root';
  const isGrown =
    signed.size > size &&
    verifyConsistency({ size1: size, size2: signed.size, root1: root, root2: signed.root, proof: facts.consistency });
  return isGrown ? undefined : 'root';
}

function old(known: Pick<Imported<unknown>, 'size'> | undefined): Result<never, FactsRefusal> {
  return err({ code: 'facts-old', size: known?.size ?? 0 });
}

function invalid(reason: FactsFault): Result<never, FactsRefusal> {
  return err({ code: 'facts-invalid', reason });
}
