import {
  choice,
  opaque,
  opaqueVector,
  optional,
  struct,
  text,
  uint64,
  variant,
  vector,
  type Decoded,
} from '../codec/index.ts';
import { HASH_BYTES, MAX_ENTRY_BYTES, SIGNATURE_BYTES } from '../event/index.ts';
import { claimToken } from './device.ts';
import {
  MAX_APPEND_BYTES,
  MAX_BATCH,
  MAX_CHECKPOINT_BYTES,
  MAX_READ_ADDS,
  MAX_EPOCH_PROPOSALS,
  MAX_HANDSHAKE_BYTES,
  MAX_PAGE_ENTRIES,
  MAX_PAYLOAD_BYTES,
  MAX_PROBLEM_BYTES,
} from './limits.ts';

/**
 * As much as a body holds: what is over its own limit is refused by itself, with a code that says so (`AP1`, `PL1`), and
 * not with all that was sent along as something that nobody could read.
 */
const eventBytes = opaqueVector(MAX_APPEND_BYTES);
const payloadBytes = opaqueVector(MAX_APPEND_BYTES);
const signatureBytes = opaque(SIGNATURE_BYTES);
/** A signed checkpoint in the text form of C2SP tlog-checkpoint. */
export const checkpointText = text(MAX_CHECKPOINT_BYTES);

/** An event on its way to the log, with the payload that it names, if any. */
export const submission = struct('Submission', {
  event: eventBytes,
  signature: signatureBytes,
  payload: optional(payloadBytes),
});

/** Body of an append: at most `MAX_BATCH`, decided in order (`AP12`). */
export const appendRequest = struct('AppendRequest', { submissions: vector(submission, MAX_BATCH) });

/** What the relay added to the event; with the event it gives the entry back, and so its leaf hash. */
const accepted = struct('Accepted', { index: uint64, relayTime: uint64, prev: opaque(HASH_BYTES) });
/** An RFC 9457 problem as JSON. */
const refused = struct('Refused', { problem: text(MAX_PROBLEM_BYTES) });

const outcome = variant('Outcome', choice('OutcomeKind', { accepted: 1, refused: 2 }), { accepted, refused });

/** One outcome a submission, in order. */
export const outcomes = vector(outcome, MAX_BATCH);

/** With a checkpoint that covers all that were accepted (`WI6`). */
export const appendAnswer = struct('AppendAnswer', { outcomes, checkpoint: checkpointText });

/** Everything that a new MLS epoch consists of; it is stored whole or not at all (`MB1`). */
export const commitBundle = struct('CommitBundle', {
  event: eventBytes,
  signature: signatureBytes,
  /** PublicMessage; empty when the event is `group.mls-created`. */
  commit: opaqueVector(MAX_HANDSHAKE_BYTES),
  /** Empty when nobody was added. */
  welcome: opaqueVector(MAX_HANDSHAKE_BYTES),
  groupInfo: opaqueVector(MAX_HANDSHAKE_BYTES),
  /** One for each KeyPackage that the commit adds, in any order (`MB5`). */
  claimTokens: vector(claimToken, MAX_READ_ADDS),
});

/** An entry with the payload or commit that it names, where the relay still holds it. */
export const loggedEntry = struct('LoggedEntry', {
  entry: opaqueVector(MAX_ENTRY_BYTES),
  payload: optional(opaqueVector(MAX_HANDSHAKE_BYTES)),
});

/** Entries in order, and a checkpoint of a log that holds them. */
export const entryPage = struct('EntryPage', {
  entries: vector(loggedEntry, MAX_PAGE_ENTRIES),
  checkpoint: checkpointText,
});

const MAX_STATE_BYTES = 4_194_304;

/** The replayed state after entry `index`; its digest is SHA-256 of `state`. */
export const stateAnswer = struct('StateAnswer', {
  index: uint64,
  digest: opaque(HASH_BYTES),
  state: opaqueVector(MAX_STATE_BYTES),
  checkpoint: checkpointText,
});

/** What was proposed in the epoch in force, in the order of the log: each an MLSMessage that a commit may refer to (`MB7`). */
export const epochProposals = struct('EpochProposals', {
  epoch: uint64,
  proposals: vector(opaqueVector(MAX_PAYLOAD_BYTES), MAX_EPOCH_PROPOSALS),
});

export type Submission = Decoded<typeof submission>;
export type AppendRequest = Decoded<typeof appendRequest>;
export type Outcome = Decoded<typeof outcome>;
export type AppendAnswer = Decoded<typeof appendAnswer>;
export type CommitBundle = Decoded<typeof commitBundle>;
export type LoggedEntry = Decoded<typeof loggedEntry>;
export type EntryPage = Decoded<typeof entryPage>;
export type StateAnswer = Decoded<typeof stateAnswer>;
