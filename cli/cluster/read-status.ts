import type { BlobTotals, ClusterStatus, NodeStatus, SilentChain } from '../../core/index.ts';
import { Failure } from '../failure.ts';

/**
 * What a relay answers to `GET /v1/cluster`, as text. A relay of another version may say more, and not know what was added since: that
 * counts as none. Throws a Failure for what is no status of a cluster, since half of one could be shown as if all were well.
 */
export function readStatus(text: string): ClusterStatus {
  const json = parseJson(text);
  if (isStatus(json)) return { ...json, scrub: { ...ADDED_TO_SCRUB, ...json.scrub } };
  const todo = 'Something else answers at its address, or this program and the relay are of versions too far apart.';
  throw new Failure('unverified', 'malformed-answer', "The relay's answer is no status of a cluster.", todo);
}

/** What the first relays that have clusters don't say. */
const ADDED_TO_SCRUB: Pick<ClusterStatus['scrub'], 'chainsSilent' | 'silent'> = { chainsSilent: 0, silent: [] };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Guard = (value: unknown) => boolean;
/** Each field that the type has, so that none is read that nobody looked at. */
type Shape<T> = Readonly<Record<keyof T, Guard>>;

const isNumber: Guard = (value) => Number.isFinite(value);
const isString: Guard = (value) => typeof value === 'string';

const isNode = isObject<NodeStatus>({
  name: isString,
  kind: orNull(isString),
  domain: orNull(isString),
  // Of a newer relay they may be others: any that is not known is shown as it is, and counts as not well.
  state: isString,
  health: isString,
  fault: orNull(isString),
  shards: isNumber,
  missing: isNumber,
});

const isTotals = isObject<BlobTotals>({
  chains: isNumber,
  blobs: isNumber,
  bytes: isNumber,
  degraded: isNumber,
  belowQuorum: isNumber,
  lost: isNumber,
  inconsistent: isNumber,
  margin: orNull(isNumber),
  repaired: isNumber,
  scrubbedBytes: isNumber,
  leftovers: isNumber,
});

const isScrub = isObject<ClusterStatus['scrub']>({
  round: isNumber,
  startedAt: isNumber,
  finishedAt: orNull(isNumber),
  chainsBehind: isNumber,
  chainsSilent: orAbsent(isNumber),
  silent: orAbsent(isListOf(isObject<SilentChain>({ chain: isString, since: isNumber }))),
});

const isStatus = isObject<ClusterStatus>({
  placement: isNumber,
  dataShards: isNumber,
  totalShards: isNumber,
  faultsBorne: isNumber,
  fragileDomains: isListOf(isString),
  nodes: isListOf(isNode),
  blobs: isTotals,
  backlog: isNumber,
  toMove: isNumber,
  lossMargin: isNumber,
  scrub: isScrub,
  orphans: isNumber,
  repairBytesPerSecond: isNumber,
});

function isObject<T>(shape: Shape<T>): (value: unknown) => value is T {
  const fields = Object.entries<Guard>(shape);
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    fields.every(([name, is]) => is((value as Record<string, unknown>)[name]));
}

function isListOf(is: Guard): Guard {
  return (value) => Array.isArray(value) && value.every(is);
}

function orNull(is: Guard): Guard {
  return (value) => value === null || is(value);
}

function orAbsent(is: Guard): Guard {
  return (value) => value === undefined || is(value);
}
