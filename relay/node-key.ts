import { sha256, signContent } from '../core/index.ts';

const KEY_LABEL = 'TeraChat Node Key v1';

/**
 * The seed of the key that a relay signs its requests to other operators' nodes with, from that of its checkpoint key. A key of
 * its own: it is used for nothing else, and what it signs can pass for nothing else.
 */
export function nodeKeySeed(checkpointSeed: Uint8Array): Uint8Array {
  return sha256(signContent(KEY_LABEL, checkpointSeed));
}
