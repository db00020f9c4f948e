import { concatBytes } from '../../bytes/index.ts';
import { encode, opaqueVector } from '../../codec/index.ts';
import { MAX_GROUP_INFO_BYTES } from '../limits.ts';
import type { PublicTree } from './public-tree.ts';

export const NODE_TYPE = { leaf: 1, parent: 2 } as const;
const BLANK = Uint8Array.of(0);
export const treeCodec = opaqueVector(4 * MAX_GROUP_INFO_BYTES);

/** The content of a `ratchet_tree` extension, which ends with its last populated node (RFC 9420 §12.4.3.3). */
export function encodePublicTree({ nodes }: PublicTree): Uint8Array {
  const end = nodes.findLastIndex((node) => node !== undefined) + 1;
  const parts = nodes
    .slice(0, end)
    .flatMap((node) => (node === undefined ? [BLANK] : [Uint8Array.of(1, NODE_TYPE[node.kind]), node.encoded]));
  return encode(treeCodec, concatBytes(...parts));
}
