import type { ClusterStatus } from '../../core/index.ts';
import { fail, pass, warn, type Check } from '../doctor/check.ts';
import { utcTime } from '../utc-time.ts';
import { nodeAdvice, nodesDown } from './node-advice.ts';

/** What a cluster's status says about whether it bears what it is meant to. */
export function checkClusterStatus(status: ClusterStatus): readonly Check[] {
  return [checkNodes(status), checkDomains(status), checkBlobs(status), ...checkChains(status)];
}

function checkNodes(status: ClusterStatus): Check {
  const name = 'cluster-nodes';
  const down = nodesDown(status);
  if (down.length === 0) return pass(name, `all ${status.totalShards} answer`);
  const found = down
    .map((node) => `${node.name} is ${node.health}${node.fault === null ? '' : ` (${node.fault})`}`)
    .join(', ');
  const todo = down.map((node) => `${node.name}: ${nodeAdvice(node, status)}`).join(' ');
  return down.length > status.faultsBorne ? fail(name, found, todo) : warn(name, found, todo);
}

function checkDomains({ fragileDomains }: ClusterStatus): Check {
  const name = 'cluster-apart';
  if (fragileDomains.length === 0) return pass(name, 'no place alone is more than may fail');
  const found = `${fragileDomains.join(', ')} alone is more than may fail`;
  return warn(name, found, 'Fine for a trial; otherwise place nodes apart.');
}

/** None where every chain gets on. */
function checkChains({ scrub }: ClusterStatus): readonly Check[] {
  const [first] = scrub.silent;
  if (first === undefined) return [];
  const others = scrub.chainsSilent > 1 ? ` and ${scrub.chainsSilent - 1} more` : '';
  const found = `chain ${first.chain}${others} has not got on since ${utcTime(first.since)}`;
  const todo =
    'Its blobs are not read, repaired or moved, and nodes that they may be on stay draining. The log of the relay says why: ' +
    'look for job-failed and request-failed. All of them: terachat cluster status';
  return [warn('cluster-chains', found, todo)];
}

function checkBlobs({ blobs, backlog, lossMargin }: ClusterStatus): Check {
  const name = 'cluster-blobs';
  if (blobs.lost > 0) return fail(name, `${blobs.lost} blobs can't be read`, 'Bring the nodes back that are down.');
  if (blobs.blobs === 0) return pass(name, 'none yet');
  const found = `of ${blobs.blobs} the worst bears ${lossMargin} more losses, by what was read last`;
  if (backlog === 0) return pass(name, found);
  return warn(name, `${found}; ${backlog} wait for repair`, 'Under way: terachat cluster status');
}
