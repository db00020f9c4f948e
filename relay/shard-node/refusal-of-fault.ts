import type { ProblemCode } from '../../core/index.ts';
import type { RelayRefusal } from '../answer.ts';
import type { NodeFault, NodeRefusal } from '../storage-node.ts';

const REFUSALS: Readonly<Record<NodeRefusal, ProblemCode>> = {
  'digest-mismatch': 'digest-mismatch',
  'too-large': 'body-too-large',
  expiry: 'expiry-out-of-range',
  'quota-full': 'quota-full',
  range: 'range-not-satisfiable',
  // The node's own bucket turns the node away: its callers can only wait.
  'not-allowed': 'unavailable',
  other: 'unavailable',
};

/** What a shard node tells its callers of a fault of the bucket behind it (`SN18`). */
export function refusalOfFault(fault: NodeFault): RelayRefusal {
  switch (fault.code) {
    case 'not-found':
      return { code: 'no-such-object' };
    case 'corrupt':
      return { code: 'object-damaged' };
    case 'refused':
      return { code: REFUSALS[fault.reason] };
    case 'unavailable':
      return { code: 'unavailable' };
  }
}
