import {
  concatBytes,
  equalBytes,
  isSameSet,
  isOpaque,
  requireRole,
  type CommitFault,
  type HandshakeMode,
  type MlsCommit,
} from '../../core/index.ts';
import { encodeAuthenticatedData, parseCommitMessage } from '../../core/mls/index.ts';
import type { VerifiedEntry } from '../chain/page-verification.ts';
import {
  processCommit,
  type CommitRefusal,
  type GroupState,
  type PreSharedKey,
  type ProcessedCommit,
} from '../mls/index.ts';
import { suiteOf, type SuiteNumber } from '../suites.ts';

/** What another member's commit is to this device (`RC3`). Only the last two are a reason to come back in anew. */
export type CommitReading =
  | { readonly kind: 'followed'; readonly state: GroupState; readonly isResync: boolean }
  /** Of an epoch that is over: nothing is to be done. */
  | { readonly kind: 'stale' }
  /** Of an epoch to come: commits in between were not read. */
  | { readonly kind: 'future' }
  /** Its bytes are gone from the relay, or those of a proposal that it refers to. */
  | { readonly kind: 'missing' }
  /** It is the one that the log has for this epoch, and can't be followed. */
  | { readonly kind: 'unprocessable'; readonly fault: CommitFault };

/** Reads the commit that an entry names; `bytes` have its hash, and are undefined where they are gone. */
export async function readCommit(
  state: GroupState,
  entry: VerifiedEntry,
  { body, bytes }: { readonly body: MlsCommit; readonly bytes: Uint8Array | undefined },
  keys: readonly PreSharedKey[],
): Promise<CommitReading> {
  if (body.epoch < state.epoch) return { kind: 'stale' };
  if (body.epoch > state.epoch) return { kind: 'future' };
  if (bytes === undefined) return { kind: 'missing' };
  const handshakes = isOpaque(entry.state.value.genesis) ? 'opaque' : 'public';
  const processed = await processCommit(state, bytes, handshakes, keys);
  if (!processed.ok) return readingOf(processed.error, handshakes);
  const { state: next, isResync } = processed.value;
  if (!doesAsTold(processed.value, entry, body)) return { kind: 'unprocessable', fault: 'other' };
  return { kind: 'followed', state: next, isResync };
}

function readingOf(refusal: CommitRefusal, handshakes: HandshakeMode): CommitReading {
  switch (refusal.code) {
    case 'commit-stale':
      return { kind: 'stale' };
    case 'commit-future':
      return { kind: 'future' };
    // It refers to a proposal that this device could not get: the relay lets in no kind but those of `ML24`. One that
    // can't read commits takes any, and gives all proposals that there are (`MB8`): then it is the committer's fault.
    case 'commit-proposal':
      return handshakes === 'opaque' ? { kind: 'unprocessable', fault: 'other' } : { kind: 'missing' };
    default:
      return { kind: 'unprocessable', fault: 'fault' in refusal ? refusal.fault : 'other' };
  }
}

/** The roster follows the entry, encryption follows the commit: they must say the same, Welcomes and tree included (`ML102`). */
function doesAsTold(
  {
    committer,
    authenticatedData,
    added,
    removed,
    replaced,
    addedKeyPackages,
    treeHash,
    changesExtensions,
  }: ProcessedCommit,
  entry: VerifiedEntry,
  body: MlsCommit,
): boolean {
  const { roster } = body;
  const addedActors = roster.added.map(({ actor }) => actor);
  return (
    (treeHash === undefined || equalBytes(treeHash, body.treeHash)) &&
    isSameSet(addedKeyPackages.map(pairOf), body.welcomeRefs.map(pairOf)) &&
    equalBytes(committer, entry.event.actor) &&
    isBoundTo(entry, authenticatedData) &&
    replaced.length === 0 &&
    (!changesExtensions || mayChangeExtensions(entry.state, entry.event.actor)) &&
    isSameSet(added, addedActors) &&
    isSameSet(removed, roster.removed)
  );
}

/** `GM40`. A commit changes nobody's role, so what its author held before it holds after it. */
function mayChangeExtensions(state: VerifiedEntry['state'], actor: Uint8Array): boolean {
  return state.kind === 'group' && requireRole(state.value.roster, actor, 'admin') === undefined;
}

function pairOf({ actor, keyPackageRef }: MlsCommit['welcomeRefs'][number]): Uint8Array {
  return concatBytes(actor, keyPackageRef);
}

/** Whether a commit brings a member back in from outside, also where it can't be followed. */
export function isResync(bytes: Uint8Array | undefined, suite: SuiteNumber): boolean {
  const commit = bytes && parseCommitMessage(bytes, { suite: suiteOf(suite), credentials: 'bound' });
  return commit?.ok === true && commit.value.sender.kind === 'new-member-commit';
}

/** Whether what a message or commit says of itself allows it to be the one of this entry (`ML4`). */
export function isBoundTo({ event, state }: VerifiedEntry, authenticatedData: Uint8Array): boolean {
  const { parameters } = state.value.genesis;
  const isOpen = parameters.kind === 'group' && parameters.value.authenticatedData === 'optional';
  const { actor, eventId } = event;
  return isOpen || equalBytes(authenticatedData, encodeAuthenticatedData({ actor, eventId }));
}
