import type { ClusterSuggestion } from './configuration.ts';
import type { ClusterFault } from './node-configuration.ts';

/** What an operator reads where a cluster is refused. */
export interface ExplainedFault {
  /** The rule, and the nodes that break it. */
  readonly found: string;
  /** A configuration near to it that is valid, where there is one to be computed (`SC3`). */
  readonly todo: string | undefined;
}

/** The same words wherever a configuration is refused: at a start, at a deployment, in the log, and by the relay itself. */
export function explainClusterFault(fault: ClusterFault): ExplainedFault {
  const { title, nodes } = fault;
  const found = nodes.length === 0 ? title : `${title} (${[...new Set(nodes)].join(', ')})`;
  return { found, todo: 'suggestion' in fault ? describe(fault.suggestion) : undefined };
}

function describe({ nodes, nodesToAdd, dataShards }: ClusterSuggestion): string {
  const more = nodesToAdd === 0 ? [] : [`${nodesToAdd} more, each in a domain of its own`];
  return `This is valid: dataShards ${dataShards} with ${[nodes.join(', '), ...more].filter(Boolean).join(' and ')}`;
}
