import type { ClusterStatus, NodeStatus } from '../../core/index.ts';

/** Nodes that should have shards, and did not answer well just now or had lost what was there. */
export function nodesDown({ nodes }: ClusterStatus): readonly NodeStatus[] {
  return nodes.filter(({ state, health }) => state === 'active' && health !== 'up');
}

/** What whoever configured a node that is down, or lacks what is not made anew, can do about it. */
export function nodeAdvice({ name, kind, health, fault }: NodeStatus, { nodes }: ClusterStatus): string {
  if (fault === 'refused: not-allowed' && kind === 's3') {
    return 'The store refuses this relay: compare bucket, region, accessKeyId and the secret with what the provider has.';
  }
  if (fault === 'refused: not-allowed' && kind === 'peer') {
    return "It does not take this relay's signature: RELAYS there lists the nodeKey of /v1/relay, and its clock is right.";
  }
  if (fault === 'unavailable: bad-answer') {
    return 'Something else answers at its address: compare the endpoint or origin in CLUSTER.';
  }
  if (fault === 'shared') {
    return (
      'Another deployment, or another node of this one, has its marker there: give each a bucket of its own. Nothing ' +
      'that is left over there is deleted meanwhile, nor for a week after. If that deployment is gone, delete its object marker/… there.'
    );
  }
  const spare = nodes.find(({ state, health }) => state === 'spare' && health === 'up')?.name ?? 'SPARE';
  if (health === 'losing') {
    return (
      'It answers, and what was there is gone. To have all of it read and made anew: terachat cluster scrub --wait. ' +
      `If it happens again: terachat cluster replace ${name} ${spare}`
    );
  }
  // One that answers may have an empty disk, or objects that can't be written.
  if (health === 'up') return `Have a spare take its place: terachat cluster replace ${name} ${spare}`;
  return `Bring it back. If it is gone for good, have a spare take its place: terachat cluster replace ${name} ${spare}`;
}
