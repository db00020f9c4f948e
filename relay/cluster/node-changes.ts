import {
  checkCluster,
  err,
  nextPlacement,
  ok,
  type ClusterConfiguration,
  type ClusterNode,
  type NodeState,
  type Placement,
  type Result,
} from '../../core/index.ts';
import type { RelayRefusal } from '../answer.ts';
import { oldestKnown, type ClusterSums } from './blob-report.ts';

/** A node of the configuration. A spare gets a slot when it takes another's place. */
export interface PlaceableNode extends ClusterNode {
  readonly spare?: boolean;
}

/** What the cluster knows when something changes. */
export interface ClusterState {
  /** In force. */
  readonly placement: Placement;
  readonly configuration: ClusterConfiguration<PlaceableNode>;
  /** Nodes that were replaced, by name, and whether no blob names them any more. */
  readonly retired: ReadonlyMap<string, 'draining' | 'drained'>;
}

/** The state of a node that is configured or was (`CR4`). */
export function stateOf({ placement, retired }: ClusterState, node: string): NodeState {
  if (placement.slots.includes(node)) return 'active';
  return retired.get(node) ?? 'spare';
}

/**
 * The placement that a configuration asks for (`CR4`): the one in force where its nodes are the same, the next one where an
 * operator changed the list. Undefined where what is asked for is no cluster: then the one in force stays.
 */
export function placementFor(state: ClusterState): Placement | undefined {
  const { placement, configuration, retired } = state;
  const nodes = configuration.nodes.filter(({ name, spare = false }) => {
    return placement.slots.includes(name) || (!spare && !retired.has(name));
  });
  const cluster = checkCluster({ ...configuration, nodes });
  return cluster.ok ? nextPlacement(placement, cluster.value) : undefined;
}

/**
 * The placement in which `replacement`, or the first spare that keeps the rules, stands in the node's slot (`CR5`). The
 * refusal says what is missing.
 */
export function replaceNode(
  state: ClusterState,
  node: string,
  replacement: string | undefined,
): Result<Placement, RelayRefusal> {
  const { placement, configuration } = state;
  if (!placement.slots.includes(node)) return err({ code: 'no-such-node', node });
  const isSpare = ({ name }: PlaceableNode) => stateOf(state, name) === 'spare';
  const spares = configuration.nodes.filter(
    (spare) => isSpare(spare) && (replacement === undefined || spare.name === replacement),
  );
  for (const spare of spares) {
    const slots = placement.slots.map((name) => (name === node ? spare.name : name));
    const known = new Map(configuration.nodes.map((each) => [each.name, each]));
    // Of a node that was taken out of the configuration nobody knows where it stood: it counts as one apart.
    const nodes = slots.map((name) => known.get(name) ?? { name, domain: name });
    const cluster = checkCluster({ ...configuration, nodes, dataShards: placement.dataShards });
    if (cluster.ok) return ok(nextPlacement(placement, cluster.value));
  }
  return err({ code: 'no-spare-node', node });
}

/**
 * Those of the draining nodes that no chain has a blob, or a leftover, on any more (`CR5`). None as long as a chain has not
 * heard of the placement in force, or writes something by an older one: it may still lie there.
 */
export function drainedNodes(
  draining: readonly string[],
  placements: readonly Placement[],
  sums: ClusterSums,
): readonly string[] {
  const inForce = placements.at(-1)?.number ?? 0;
  if (sums.leftovers > 0 || (oldestKnown(sums) ?? inForce) < inForce) return [];
  const named = placements.filter(({ number }) => (sums.placements[number] ?? 0) > 0).flatMap(({ slots }) => slots);
  return draining.filter((node) => !named.includes(node));
}
