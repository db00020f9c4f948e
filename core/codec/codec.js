import { err, ok } from '../result.ts';
import { DecodeFault, Reader } from './reader.ts';
import { Writer } from './writer.ts';
export function encode(codec, value) {
    const writer = new Writer();
    codec.write(writer, value);
    return writer.finish();
}
/**
 * Parses untrusted bytes. Refuses anything but the one encoding: trailing bytes, long length prefixes, unknown
 * versions and values out of range (`EN1`). Byte strings in the result are views into `bytes`.
 */
export function decode(codec, bytes) {
    const reader = new Reader(bytes);
    try {
        const value = codec.read(reader);
        if (!reader.atEnd)
            reader.fail('trailing-bytes');
        return ok(value);
    }
    catch (fault) {
        if (fault instanceof DecodeFault)
            return err(fault.refusal);
        throw fault;
    }
}
/** For bytes that this program wrote itself: anything but a whole value is a broken invariant and throws. */
export function decodeTrusted(codec, bytes) {
    const result = decode(codec, bytes);
    if (!result.ok)
        throw new Error(`stored bytes are ${result.error.reason} at ${result.error.offset}`);
    return result.value;
}
