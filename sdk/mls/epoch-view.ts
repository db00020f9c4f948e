import { mlsExporter } from 'ts-mls/keySchedule.js';
import { leafToNodeIndex, toLeafIndex } from 'ts-mls/treemath.js';
import type { GroupMember, GroupState } from './group-state.ts';
import { openState } from './open-state.ts';
import { CLOCK_TOLERANCE_MS } from './own-key-package.ts';
import { provenActor } from './proven-actor.ts';
import { loadSuite } from './suite.ts';

/** In the order of their leaves. */
export function membersOf(state: GroupState): readonly GroupMember[] {
  return openState(state).leaves.map((leaf) => ({
    actor: provenActor(leaf.actor),
    leafIndex: leaf.leafIndex,
    signatureKey: leaf.signatureKey,
  }));
}

/** When the KeyPackage was made that this client is in by, in whole seconds of its own clock; undefined once a commit has renewed the leaf. */
export function keyPackageTimeOf(state: GroupState): number | undefined {
  const { ratchetTree } = openState(state).client;
  const node = ratchetTree[leafToNodeIndex(toLeafIndex(state.leafIndex))];
  if (node?.nodeType !== 'leaf' || node.leaf.leafNodeSource !== 'key_package') return undefined;
  return Number(node.leaf.lifetime.notBefore) * 1_000 + CLOCK_TOLERANCE_MS;
}

/** The tree hash of the state's epoch (RFC 9420 §7.8). */
export function treeHashOf(state: GroupState): Uint8Array {
  return openState(state).client.groupContext.treeHash;
}

/** A secret that only the members of this epoch can compute (RFC 9420 §8.5). `length` in bytes. */
export async function exportSecret(
  state: GroupState,
  label: string,
  context: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  const { keySchedule, groupContext } = openState(state).client;
  return mlsExporter(keySchedule.exporterSecret, label, context, length, await loadSuite(groupContext.cipherSuite));
}
