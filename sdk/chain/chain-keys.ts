import { toBase64Url } from '../../core/index.ts';

/** Where a chain's records lie in a storage. Indexes are padded, so that keys sort as the entries do. */
export interface ChainKeys {
  /** Also the name under which everything that changes the chain's records excludes each other. */
  readonly root: string;
  readonly position: string;
  readonly state: string;
  readonly fork: string;
  leaves(firstIndex: number): string;
  timeline(firstIndex: number): string;
  readonly timelinePrefix: string;
  readonly mls: string;
  readonly pendingCommit: string;
  readonly setAsideCommits: string;
  readonly recovery: string;
  readonly ownLeaf: string;
  readonly outbox: string;
  readonly welcome: string;
  /** Which group this device has founded to go on in this one's place. */
  readonly successor: string;
}

const INDEX_DIGITS = 16;

export function chainKeys(chain: Uint8Array): ChainKeys {
  const root = `chain/${toBase64Url(chain)}`;
  const indexed = (kind: string, index: number): string =>
    `${root}/${kind}/${String(index).padStart(INDEX_DIGITS, '0')}`;
  return {
    root,
    position: `${root}/position`,
    state: `${root}/state`,
    fork: `${root}/fork`,
    leaves: (firstIndex) => indexed('leaves', firstIndex),
    timeline: (firstIndex) => indexed('timeline', firstIndex),
    timelinePrefix: `${root}/timeline/`,
    mls: `${root}/mls`,
    pendingCommit: `${root}/pending-commit`,
    setAsideCommits: `${root}/set-aside-commits`,
    recovery: `${root}/recovery`,
    ownLeaf: `${root}/own-leaf`,
    outbox: `${root}/outbox/`,
    welcome: `${root}/welcome`,
    successor: `${root}/successor`,
  };
}
