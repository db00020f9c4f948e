import { fromBase64, toBase64 } from '../bytes/index.ts';
import { HASH_BYTES } from '../merkle/index.ts';
import { err, ok } from '../result.ts';
import { isPlainText, MAX_NAME_LENGTH } from './key-name.ts';
/** The one spelling of a checkpoint (`TR6`), ending in a newline. Values are the program's own: misfits throw. */
export function formatCheckpoint({ origin, size, root, extensions }) {
    if (!Number.isSafeInteger(size) || size < 0)
        throw new RangeError(`${size} is no tree size`);
    if (root.length !== HASH_BYTES)
        throw new RangeError('a root has 32 bytes');
    if (![origin, ...extensions].every(isLine))
        throw new RangeError('an origin or extension is one non-empty line');
    return `${[origin, String(size), toBase64(root), ...extensions].join('\n')}\n`;
}
/**
 * Parses a checkpoint's text, without signatures (`TR6`). Refuses leading zeros, signs and spaces in the size, a size above
 * 2^53 - 1, a root that is not the base64 of 32 bytes, empty lines, and a missing last newline.
 */
export function parseCheckpoint(text) {
    const [origin = '', size = '', encodedRoot = '', ...extensions] = text.slice(0, -1).split('\n');
    const root = fromBase64(encodedRoot);
    const isWellFormed = text.endsWith('\n') && [origin, ...extensions].every(isLine) && /^(?:0|[1-9][0-9]*)$/.test(size);
    if (!isWellFormed || root?.length !== HASH_BYTES)
        return err({ code: 'checkpoint-malformed' });
    if (!Number.isSafeInteger(Number(size)))
        return err({ code: 'checkpoint-size-too-large' });
    return ok({ origin, size: Number(size), root, extensions });
}
function isLine(text) {
    return text.length > 0 && text.length <= MAX_NAME_LENGTH && isPlainText(text);
}
