import type { RatchetTree } from 'ts-mls';
import { decodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { parseRatchetTree, type MlsSuite } from '../../core/mls/index.ts';

/**
 * A tree that came apart from its GroupInfo, for ts-mls; undefined for bytes that are none. Whether it is the group's tree is for
 * ts-mls to tell: it compares the tree hash with the one that the GroupInfo's signer vouches for.
 */
export function decodeTree(bytes: Uint8Array, suite: MlsSuite): RatchetTree | undefined {
  // From a copy: the state keeps parts of it, and the caller's buffer may be used again.
  return parseRatchetTree(bytes, { suite, credentials: 'bound' }).ok
    ? decodeRatchetTree(bytes.slice(), 0)?.[0]
    : undefined;
}
