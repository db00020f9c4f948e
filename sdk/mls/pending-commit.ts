import { addHistoricalReceiverData } from 'ts-mls/clientState.js';
import {
  decode,
  encode,
  equalBytes,
  ok,
  opaque,
  opaqueVector,
  optional,
  sha256,
  struct,
  uint64,
  version,
  type Result,
} from '../../core/index.ts';
import { MAX_COMMIT_BYTES, MAX_GROUP_INFO_BYTES, MAX_WELCOME_BYTES } from '../../core/mls/index.ts';
import type { GroupState } from './group-state.ts';
import { makeState, openState } from './open-state.ts';
import { MAX_STATE_BYTES, parseState, serialiseState } from './state-record.ts';
import { refuse, type EngineRefusal } from './refusal.ts';

/** A commit of this client that isn't in force yet: its bundle, and the state that it leads to. Holds secrets. */
export interface PendingCommit {
  /** The epoch that it was made in and ends. */
  readonly epoch: number;
  /** An MLSMessage that holds a PublicMessage, or where handshakes are opaque a PrivateMessage. */
  readonly commit: Uint8Array;
  /** SHA-256 of `commit`: how a client recognises its own. */
  readonly commitHash: Uint8Array;
  /** An MLSMessage, where the commit adds members. */
  readonly welcome: Uint8Array | undefined;
  /** An MLSMessage: of the epoch that the commit begins, `external_pub` in it. Empty where handshakes are opaque (`ML103`). */
  readonly groupInfo: Uint8Array;
  readonly treeHash: Uint8Array;
  /** Only to be used through `acceptOwnCommit`. */
  readonly next: GroupState;
}

/** Whether these are the bytes of a commit that this client made itself. */
export function isOwnCommit(pending: PendingCommit, commit: Uint8Array): boolean {
  return equalBytes(commit, pending.commit);
}

/**
 * The state of the epoch that an accepted commit of this client began. `state` is the current one: messages that were
 * read or sent since the commit was made have used keys of the ending epoch, and those stay used.
 */
export function acceptOwnCommit(state: GroupState, pending: PendingCommit): Result<GroupState, EngineRefusal> {
  const isSuccessor = state.epoch === pending.epoch && equalBytes(state.groupId, pending.next.groupId);
  if (!isSuccessor || state.status === 'removed') return refuse('pending-stale');
  const [historicalReceiverData] = addHistoricalReceiverData(openState(state).client);
  return makeState({ ...openState(pending.next).client, historicalReceiverData });
}

const TREE_HASH_BYTES = 32;
const pendingCodec = struct('PendingCommitRecord', {
  version: version(1),
  epoch: uint64,
  commit: opaqueVector(MAX_COMMIT_BYTES),
  welcome: optional(opaqueVector(MAX_WELCOME_BYTES)),
  groupInfo: opaqueVector(MAX_GROUP_INFO_BYTES),
  treeHash: opaque(TREE_HASH_BYTES),
  next: opaqueVector(MAX_STATE_BYTES),
});

/** For storage, so that a restart between sending a commit and its receipt loses nothing. */
export function serialisePendingCommit(pending: PendingCommit): Uint8Array {
  return encode(pendingCodec, { ...pending, version: 1, next: serialiseState(pending.next) });
}

export function parsePendingCommit(bytes: Uint8Array): Result<PendingCommit, EngineRefusal> {
  const record = decode(pendingCodec, bytes.slice());
  if (!record.ok) return refuse('state-malformed');
  const { epoch, commit, welcome, groupInfo, treeHash } = record.value;
  const next = parseState(record.value.next);
  if (!next.ok) return next;
  return ok({ epoch, commit, commitHash: sha256(commit), welcome, groupInfo, treeHash, next: next.value });
}
