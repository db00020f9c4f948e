/**
 * `active` has a slot of the placement in force. `draining` had one, and blobs still name it. `drained` is named by none any
 * more: it can be taken away. `spare` can take a place.
 */
export type NodeState = 'active' | 'draining' | 'drained' | 'spare';

/** A storage node, as an operator sees it. */
export interface NodeStatus {
  readonly name: string;
  /** Null for a node that is not configured any more. */
  readonly kind: string | null;
  readonly domain: string | null;
  readonly state: NodeState;
  /**
   * `down` with the fault that it answered with just now. `losing` for one that answers and had lost what it was given, until a round
   * has read what it should have. `unconfigured` where there is nobody to ask.
   */
  readonly health: 'up' | 'losing' | 'down' | 'unconfigured';
  readonly fault: string | null;
  /** Shards that lie there by what chains last reported, and shards that it lacks. */
  readonly shards: number;
  readonly missing: number;
}

/** What all chains together have in the cluster. */
export interface BlobTotals {
  readonly chains: number;
  readonly blobs: number;
  /** As they were written, without parity. */
  readonly bytes: number;
  readonly degraded: number;
  readonly belowQuorum: number;
  /** Too few of their shards are there now; they come back when their nodes do. */
  readonly lost: number;
  readonly inconsistent: number;
  /** Shards that the worst blob can still lose; null where there is none. */
  readonly margin: number | null;
  /** Shards that were repaired, and bytes that scrubs have read, ever. */
  readonly repaired: number;
  readonly scrubbedBytes: number;
  /** Copies that moves left behind and that are still to be deleted. */
  readonly leftovers: number;
}

/** A chain that was asked to go through a round at `since`, in ms since the Unix epoch, and has not got on since. */
export interface SilentChain {
  readonly chain: string;
  readonly since: number;
}

/** `GET /v1/cluster` (`CR9`), as JSON. Numbers of blobs are as old as the chains' last reports. */
export interface ClusterStatus {
  /** Number of the placement in force. */
  readonly placement: number;
  readonly dataShards: number;
  readonly totalShards: number;
  /** Nodes that may fail at a time. */
  readonly faultsBorne: number;
  /** Failure domains of which one alone is past that. */
  readonly fragileDomains: readonly string[];
  readonly nodes: readonly NodeStatus[];
  readonly blobs: BlobTotals;
  /** Shards that wait for their repair. */
  readonly backlog: number;
  /** Blobs that still lie by an older placement: to be copied in part, or cut again where n or k was another. */
  readonly toMove: number;
  /** Shards that the worst blob can still lose; without blobs, what a whole one can. */
  readonly lossMargin: number;
  /** The newest round of reading everything. Times in ms since the Unix epoch. */
  readonly scrub: {
    readonly round: number;
    readonly startedAt: number;
    readonly finishedAt: number | null;
    readonly chainsBehind: number;
    /** How many of these have not got on for two hours (`CR14`), and the longest silent of them, 20 at most. */
    readonly chainsSilent: number;
    readonly silent: readonly SilentChain[];
  };
  /** Objects that no chain knows, found and not yet deleted. */
  readonly orphans: number;
  readonly repairBytesPerSecond: number;
}
