import type { ClientState } from 'ts-mls';
import { decodeGroupState, encodeGroupState } from 'ts-mls/clientState.js';
import { mlsExporter } from 'ts-mls/keySchedule.js';
import { encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import {
  decode,
  encode,
  equalBytes,
  ok,
  opaqueVector,
  struct,
  version,
  type ActorKey,
  type Result,
} from '../../core/index.ts';
import { parseRatchetTree, type MlsTreeLeaf } from '../../core/mls/index.ts';
import { clientConfig } from './client-config.ts';
import { provenActor } from './proven-actor.ts';
import { refuse, type EngineRefusal } from './refusal.ts';
import { loadSuite } from './suite.ts';

/**
 * One client's state in one group. Immutable: every operation gives a new one, and the old one stays usable until it is
 * dropped. Its secrets are not reachable from here; `serialiseState` gives them out.
 */
export interface GroupState {
  readonly groupId: Uint8Array;
  readonly epoch: number;
  /** Whose state it is. */
  readonly actor: ActorKey;
  readonly leafIndex: number;
  /** A removed client reads what was sent up to its removal. */
  readonly status: 'member' | 'removed';
}

export interface GroupMember {
  readonly actor: ActorKey;
  readonly leafIndex: number;
  readonly signatureKey: Uint8Array;
}

interface Secrets {
  readonly client: ClientState;
  readonly leaves: readonly MlsTreeLeaf[];
}

/** Kept apart from the states, so that no log line or JSON of one shows a key. */
const secretsOf = new WeakMap<GroupState, Secrets>();

export function openState(state: GroupState): Secrets {
  const secrets = secretsOf.get(state);
  if (secrets === undefined) throw new TypeError('not a state of this engine');
  return secrets;
}

/**
 * Makes a state of what ts-mls computed. The tree is read once more by core's parser, which refuses what ts-mls lets
 * pass: an encryption key in two places, an actor with two leaves.
 */
export function makeState(client: ClientState): Result<GroupState, EngineRefusal> {
  const tree = parseRatchetTree(encodeRatchetTree(client.ratchetTree));
  if (!tree.ok) return tree;
  if (!equalBytes(tree.value.hash, client.groupContext.treeHash)) return refuse('state-malformed');
  return bindState(client, tree.value.leaves);
}

/** The same epoch with other keys consumed: the tree needs no reading. */
export function replaceClient(state: GroupState, client: ClientState): GroupState {
  const next = bindState(client, openState(state).leaves);
  if (!next.ok) throw new Error('a member without a leaf');
  return next.value;
}

function bindState(client: ClientState, leaves: readonly MlsTreeLeaf[]): Result<GroupState, EngineRefusal> {
  const { leafIndex } = client.privatePath;
  const own = leaves.find((leaf) => leaf.leafIndex === leafIndex);
  if (own === undefined) return refuse('state-malformed');
  const state: GroupState = {
    groupId: client.groupContext.groupId,
    epoch: Number(client.groupContext.epoch),
    actor: provenActor(own.actor),
    leafIndex,
    status: client.groupActiveState.kind === 'removedFromGroup' ? 'removed' : 'member',
  };
  secretsOf.set(state, { client, leaves });
  return ok(state);
}

/** In the order of their leaves. */
export function membersOf(state: GroupState): readonly GroupMember[] {
  return openState(state).leaves.map((leaf) => ({
    actor: provenActor(leaf.actor),
    leafIndex: leaf.leafIndex,
    signatureKey: leaf.signatureKey,
  }));
}

/** A secret that only the members of this epoch can compute (RFC 9420 §8.5). `length` in bytes. */
export async function exportSecret(
  state: GroupState,
  label: string,
  context: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  const { keySchedule } = openState(state).client;
  return mlsExporter(keySchedule.exporterSecret, label, context, length, await loadSuite());
}

/** Far above the tree and keys of the largest group over all retained epochs. */
export const MAX_STATE_BYTES = 64 * 1024 * 1024;
const stateCodec = struct('GroupStateRecord', { version: version(1), client: opaqueVector(MAX_STATE_BYTES) });

/** Everything needed to go on after a restart, secrets included: to be stored encrypted or where nobody else reads. */
export function serialiseState(state: GroupState): Uint8Array {
  return encode(stateCodec, { version: 1, client: encodeGroupState(openState(state).client) });
}

/** Refuses bytes that no `serialiseState` of this version gave. */
export function parseState(bytes: Uint8Array): Result<GroupState, EngineRefusal> {
  const record = decode(stateCodec, bytes);
  if (!record.ok) return refuse('state-malformed');
  try {
    const decoded = decodeGroupState(record.value.client.slice(), 0);
    if (decoded?.[1] !== record.value.client.length) return refuse('state-malformed');
    return makeState({ ...decoded[0], clientConfig });
  } catch {
    return refuse('state-malformed');
  }
}
