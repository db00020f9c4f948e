import type { ClientState } from 'ts-mls';
import { encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { equalBytes, ok, type Result } from '../../core/index.ts';
import {
  findSuite,
  findSuiteByName,
  parseRatchetTree,
  type GroupTerms,
  type MlsTreeLeaf,
} from '../../core/mls/index.ts';
import type { GroupState } from './group-state.ts';
import { provenActor } from './proven-actor.ts';
import { refuse, type EngineRefusal } from './refusal.ts';

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
  const suite = findSuiteByName(client.groupContext.cipherSuite);
  if (suite === undefined) return refuse('state-malformed');
  const tree = parseRatchetTree(encodeRatchetTree(client.ratchetTree), termsOf(suite.id));
  if (!tree.ok) return tree;
  if (!equalBytes(tree.value.hash, client.groupContext.treeHash)) return refuse('state-malformed');
  return bindState(client, tree.value.leaves, suite.id);
}

/** The same epoch with other keys consumed: the tree needs no reading. */
export function replaceClient(state: GroupState, client: ClientState): GroupState {
  const next = bindState(client, openState(state).leaves, state.suite);
  if (!next.ok) throw new Error('a member without a leaf');
  return next.value;
}

function bindState(
  client: ClientState,
  leaves: readonly MlsTreeLeaf[],
  suite: number,
): Result<GroupState, EngineRefusal> {
  const { leafIndex } = client.privatePath;
  const own = leaves.find((leaf) => leaf.leafIndex === leafIndex);
  if (own === undefined) return refuse('state-malformed');
  const state: GroupState = {
    groupId: client.groupContext.groupId,
    suite,
    epoch: Number(client.groupContext.epoch),
    actor: provenActor(own.actor),
    leafIndex,
    status: client.groupActiveState.kind === 'removedFromGroup' ? 'removed' : 'member',
  };
  secretsOf.set(state, { client, leaves });
  return ok(state);
}

/** This client is in groups of bound credentials alone (`ML2`). */
export function termsOf(suite: number): GroupTerms {
  const known = findSuite(suite);
  if (known === undefined) throw new TypeError('a state has a suite that is known');
  return { suite: known, credentials: 'bound' };
}
