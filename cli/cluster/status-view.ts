import type { ClusterStatus, NodeStatus } from '../../core/index.ts';
import { formatBytes } from '../format-bytes.ts';

/** The cluster for people: a line a node, then what there is to know of all blobs. */
export function viewStatus(status: ClusterStatus): string {
  const { nodes, placement, dataShards, totalShards, faultsBorne } = status;
  const head =
    `placement ${placement}: any ${dataShards} of ${totalShards} shards give a blob back; ` +
    `${faultsBorne} ${faultsBorne === 1 ? 'node' : 'nodes'} may fail at any time`;
  return [head, '', ...nodeLines(nodes), '', ...factLines(status)].join('\n');
}

function nodeLines(nodes: readonly NodeStatus[]): string[] {
  const rows = [
    ['node', 'state', 'health', 'shards', 'missing', 'domain'],
    ...nodes.map(({ name, state, health, fault, shards, missing, domain }) => [
      name,
      state,
      fault === null ? health : `${health} (${fault})`,
      String(shards),
      String(missing),
      domain ?? '-',
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? [];
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

function factLines({ blobs, backlog, toMove, lossMargin, scrub, orphans, fragileDomains }: ClusterStatus): string[] {
  const lines = [
    `blobs        ${blobs.blobs} of ${blobs.chains} chains, ${formatBytes(blobs.bytes)}`,
    `loss margin  ${lossMargin < 0 ? 'passed' : `${lossMargin} more shards of the worst blob`}`,
    `backlog      ${backlog} shards to repair, ${blobs.repaired} repaired so far`,
    `scrub        ${scrubLine(scrub)}`,
  ];
  if (toMove > 0) lines.push(`moving       ${toMove} blobs still lie by an older placement`);
  if (blobs.lost > 0) lines.push(`lost         ${blobs.lost} blobs can't be read until nodes come back`);
  if (blobs.inconsistent > 0)
    lines.push(`broken       ${blobs.inconsistent} blobs were written wrongly and nobody can read them`);
  if (blobs.leftovers > 0) lines.push(`leftovers    ${blobs.leftovers} copies on drained nodes still to be deleted`);
  if (orphans > 0) lines.push(`orphans      ${orphans} objects of no blob, deleted after a day`);
  if (fragileDomains.length > 0) {
    lines.push(`one domain   ${fragileDomains.join(', ')} alone is more than may fail: place nodes apart`);
  }
  return lines.map((line) => `  ${line}`);
}

function scrubLine({ round, startedAt, finishedAt, chainsBehind }: ClusterStatus['scrub']): string {
  if (round === 0) return 'none yet';
  if (finishedAt === null)
    return `round ${round} since ${new Date(startedAt).toISOString()}, ${chainsBehind} chains to go`;
  return `round ${round} ended ${new Date(finishedAt).toISOString()}`;
}
