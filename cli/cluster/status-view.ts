import type { ClusterStatus, NodeStatus } from '../../core/index.ts';
import { countOf } from '../count-of.ts';
import { fold } from '../fold.ts';
import { formatBytes } from '../format-bytes.ts';
import { utcTime } from '../utc-time.ts';
import { nodeAdvice, nodesDown } from './node-advice.ts';

/** The cluster for people: a line a node, what there is to know of all blobs, and what to do about nodes that are down. */
export function viewStatus(status: ClusterStatus, columns?: number): string {
  const { nodes, placement, dataShards, totalShards, faultsBorne } = status;
  const head =
    `placement ${placement}: any ${dataShards} of ${totalShards} shards give a blob back; ` +
    `${faultsBorne} ${faultsBorne === 1 ? 'node' : 'nodes'} may fail at any time`;
  const advice = nodesDown(status).flatMap((node) => fold(`  ${node.name}: `, nodeAdvice(node, status), columns));
  const todo = advice.length === 0 ? [] : ['', ...advice];
  return [head, '', ...nodeLines(nodes), '', ...factLines(status), ...todo].join('\n');
}

/** How far a round and its repairs are, on one line. */
export function viewProgress(status: ClusterStatus): string {
  const { scrub, blobs, backlog, toMove } = status;
  const read = Math.max(0, blobs.chains - scrub.chainsBehind);
  const round = scrub.finishedAt === null ? `reading, ${read} of ${countOf(blobs.chains, 'chain')} read` : 'all read';
  const moving = toMove > 0 ? [`${countOf(toMove, 'blob')} to move`] : [];
  const leftovers = blobs.leftovers > 0 ? [`${blobs.leftovers} copies to delete`] : [];
  const held = isHeld(status) ? ['waits for uploads'] : [];
  return [
    `round ${scrub.round}: ${round}`,
    `${countOf(backlog, 'shard')} to repair`,
    ...moving,
    ...leftovers,
    ...held,
  ].join(', ');
}

/** Nothing lies at the draining nodes any more, but what was begun before it may still come there, for an hour at most (`UP4`). */
function isHeld({ nodes, backlog, toMove, blobs }: ClusterStatus): boolean {
  const draining = nodes.filter(({ state }) => state === 'draining');
  const isEmpty = draining.length > 0 && draining.every(({ shards }) => shards === 0);
  return isEmpty && backlog + toMove + blobs.leftovers === 0;
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

function factLines(status: ClusterStatus): string[] {
  const { blobs, backlog, toMove, scrub, orphans, fragileDomains } = status;
  const lines = [
    `blobs        ${blobs.blobs} of ${countOf(blobs.chains, 'chain')}, ${formatBytes(blobs.bytes)}`,
    `loss margin  ${marginLine(status)}`,
    `backlog      ${countOf(backlog, 'shard')} to repair, ${blobs.repaired} repaired so far`,
    `scrub        ${scrubLine(scrub)}`,
  ];
  if (scrub.chainsSilent > 0) lines.push(...silentLines(scrub));
  if (toMove > 0) lines.push(`moving       ${countOf(toMove, 'blob')} to be moved from an older placement`);
  if (blobs.lost > 0) lines.push(`lost         ${countOf(blobs.lost, 'blob')} can't be read until nodes come back`);
  if (blobs.inconsistent > 0)
    lines.push(`broken       ${countOf(blobs.inconsistent, 'blob')} written so that nobody can read them`);
  if (blobs.leftovers > 0) lines.push(`leftovers    ${blobs.leftovers} copies of moved shards still to be deleted`);
  if (orphans > 0) lines.push(`orphans      ${countOf(orphans, 'object')} of no blob, deleted after a day`);
  if (fragileDomains.length > 0) {
    lines.push(`one domain   ${fragileDomains.join(', ')} alone is more than may fail: place nodes apart`);
  }
  return lines.map((line) => `  ${line}`);
}

/** A node that went down since is only counted when it is read next. */
function marginLine(status: ClusterStatus): string {
  if (status.lossMargin < 0) return 'passed';
  if (status.blobs.blobs === 0) return `${countOf(status.lossMargin, 'more shard')} of a whole blob; there is none yet`;
  const when = nodesDown(status).length > 0 ? ', when it was read last' : '';
  return `${countOf(status.lossMargin, 'more shard')} of the worst blob${when}`;
}

/** Each with a line of its own: an operator looks for it in logs. */
function silentLines({ chainsSilent, silent }: ClusterStatus['scrub']): readonly string[] {
  const named = silent.map(({ chain, since }) => `  ${chain} since ${utcTime(since)}`);
  const more = named.length < chainsSilent ? ', of which these for longest' : '';
  return [`silent       ${countOf(chainsSilent, 'chain')} not getting on${more}`, ...named];
}

function scrubLine({ round, startedAt, finishedAt, chainsBehind }: ClusterStatus['scrub']): string {
  if (round === 0) return 'none yet';
  if (finishedAt === null) return `round ${round} since ${utcTime(startedAt)}, ${countOf(chainsBehind, 'chain')} to go`;
  return `round ${round} ended ${utcTime(finishedAt)}`;
}
