import {
  choice,
  decode,
  encode,
  fromBase64Url,
  parseChainId,
  struct,
  toBase64Url,
  version,
  type ChainId,
} from '../../core/index.ts';
import { StorageError } from '../errors.ts';
import type { Storage, StorageWrite } from '../storage.ts';

const PREFIX = 'group/';

const markCodec = struct('GroupMark', { version: version(1), membership: choice('Membership', { plain: 0, mls: 1 }) });

/** A group that this identity founded or joined. */
export interface GroupSummary {
  /** The chain id, base64url. */
  readonly id: string;
  readonly membership: 'plain' | 'mls';
}

/** What makes a group one of this identity's. */
export function markGroup(chain: ChainId, membership: GroupSummary['membership']): StorageWrite {
  return { key: keyOf(chain), value: encode(markCodec, { version: 1, membership }) };
}

export function unmarkGroup(chain: ChainId): StorageWrite {
  return { key: keyOf(chain), value: undefined };
}

export async function findGroup(storage: Storage, chain: ChainId): Promise<GroupSummary | undefined> {
  const bytes = await storage.read(keyOf(chain));
  if (bytes === undefined) return undefined;
  const mark = decode(markCodec, bytes);
  if (!mark.ok) throw new StorageError('storage-damaged', `${keyOf(chain)} is ${mark.error.reason}`);
  return { id: toBase64Url(chain), membership: mark.value.membership };
}

export async function listGroups(storage: Storage): Promise<readonly GroupSummary[]> {
  const groups: GroupSummary[] = [];
  for (const key of await storage.list(PREFIX)) {
    const group = await findGroup(storage, parseGroupId(key.slice(PREFIX.length)));
    if (group !== undefined) groups.push(group);
  }
  return groups;
}

/** Throws a TypeError for what can't be a chain id: it is the caller's to check what people type. */
export function parseGroupId(text: string): ChainId {
  const chain = parseChainId(fromBase64Url(text));
  if (chain === undefined) throw new TypeError(`no group id: ${text}`);
  return chain;
}

function keyOf(chain: ChainId): string {
  return `${PREFIX}${toBase64Url(chain)}`;
}
