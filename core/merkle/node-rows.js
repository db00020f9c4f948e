import { HASH_BYTES } from './hashing.ts';
/**
 * Where a stored tree keeps a node (`MT4`): row i holds what leaf i completed, one hash a level. So a row is written
 * once, with its leaf, and none is ever changed.
 */
export function locateNode(level, index) {
    return { row: (index + 1) * 2 ** level - 1, byteOffset: level * HASH_BYTES };
}
/** A reader over stored rows. Throws where a row is missing or too short: the store is broken. */
export function nodeReaderOfRows(getRow) {
    return (level, index) => {
        const { row, byteOffset } = locateNode(level, index);
        const node = getRow(row)?.subarray(byteOffset, byteOffset + HASH_BYTES);
        if (node?.length !== HASH_BYTES)
            throw new Error(`tree row ${row} holds no node of level ${level}`);
        return node;
    };
}
