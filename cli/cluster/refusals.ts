import type { ClusterStatus, NodeState } from '../../core/index.ts';
import { countOf } from '../count-of.ts';
import { Failure } from '../failure.ts';
import { nodeAdvice, nodesDown } from './node-advice.ts';

/** A wait that ended without what was waited for: a script must not take the node away, or believe that all is repaired. */
export function unsettled(status: ClusterStatus): Failure {
  const { backlog, nodes, blobs } = status;
  const message = `Nothing changes any more, and repair is not done: ${countOf(backlog, 'shard')} left.`;
  const down = nodesDown(status);
  const lacking = nodes.filter(({ state, missing }) => state === 'active' && missing > 0);
  const [node] = down.length > 0 ? down : lacking;
  if (node === undefined || blobs.lost > 0) {
    return new Failure(
      'failed',
      'not-settled',
      message,
      'Bring back the nodes that are down; the relay goes on by itself.',
    );
  }
  return new Failure('failed', 'not-settled', message, `${node.name}: ${nodeAdvice(node, status)}`);
}

/** As `unsettled`, for a node that was to be drained. */
export function undrained(status: ClusterStatus, node: string): Failure {
  const left = status.nodes.find(({ name }) => name === node)?.shards ?? 0;
  const message = `Nothing changes any more, and ${node} is not drained: ${countOf(left, 'shard')} left.`;
  return new Failure(
    'failed',
    'not-drained',
    message,
    'Leave it in CLUSTER; terachat cluster status says what is missing.',
  );
}

/** A node that is dead and was replaced: how that ends. */
export function givenUp(node: string): string {
  return (
    `\n${node} does not answer, and all that it had is elsewhere. If it is gone for good, take it out of CLUSTER; once it ` +
    'answers again, it deletes what is left there, and is drained.'
  );
}

interface Asked {
  readonly node: string;
  readonly replacement?: string | undefined;
  /** The relay is served from this machine, and not deployed. */
  readonly isLocal: boolean;
}

/** What an operator may have meant, where the relay found no such node, or none to take its place. */
export function explainNodeRefusal(
  { code, exit }: Failure,
  status: ClusterStatus,
  { node, replacement, isLocal }: Asked,
): Failure {
  const [slots, spares] = [named(status, 'active'), named(status, 'spare')];
  if (code === 'no-such-node') {
    const retired = status.nodes.find(({ name }) => name === node);
    const is = retired === undefined ? `There is no node ${node}.` : `${node} has no slot: it is ${retired.state}.`;
    const waiting = retired?.state === 'draining' ? `To wait for it: terachat cluster drain ${node} --wait\n  ` : '';
    return new Failure(exit, code, is, `${waiting}These have one: ${slots.join(', ')}`);
  }
  if (spares.length === 0) {
    return new Failure(exit, code, 'There is no spare that could take a slot.', howToAddSpare(status, isLocal));
  }
  if (replacement !== undefined && !spares.includes(replacement)) {
    return new Failure(exit, code, `${replacement} is no spare.`, `These are: ${spares.join(', ')}`);
  }
  const hint = 'A node in a domain where another one is can not take a slot; configure a spare in a domain of its own.';
  return new Failure(exit, code, `No spare may take the place of ${node}.`, hint);
}

function howToAddSpare({ nodes, dataShards, totalShards }: ClusterStatus, isLocal: boolean): string {
  if (!isLocal) return 'Configure a node with "spare": true, deploy, and try again.';
  const configured = nodes.filter(({ kind }) => kind !== null).length;
  const asked = `--nodes ${totalShards} --data ${dataShards} --spares ${configured - totalShards + 1}`;
  return (
    `Stop the relay, start it with one more, and try again:\n  terachat serve ${asked}\n` +
    '  Or, where --cluster FILE named its nodes: add one with "spare": true to that.'
  );
}

function named({ nodes }: ClusterStatus, wanted: NodeState): string[] {
  return nodes.flatMap(({ name, state }) => (state === wanted ? [name] : []));
}
