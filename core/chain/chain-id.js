import { utf8ToBytes } from '../bytes/index.ts';
import { sha256 } from '../crypto/index.ts';
import { HASH_BYTES } from '../event/index.ts';
const CHAIN_LABEL = utf8ToBytes('TeraChat Chain v1');
/** `SHA-256(label || genesis EventTBS || signature)` (`CH2`): a chain's name commits to who founded it and how. */
export function chainIdOf({ tbs, signature }) {
    return sha256(CHAIN_LABEL, tbs, signature);
}
/** Returns undefined unless it is 32 bytes. Whether such a chain exists is the relay's to say. */
export function parseChainId(bytes) {
    return bytes?.length === HASH_BYTES ? bytes : undefined;
}
