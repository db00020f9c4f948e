import { takesBytes } from './notation.ts';
import { uint8 } from './primitives.ts';
/** Fields in order, nothing between them. */
export function struct(name, fields) {
    const entries = Object.entries(fields);
    return {
        notation: { kind: 'struct', name, fields: entries.map(([key, field]) => [key, field.notation]) },
        write: (writer, value) => {
            for (const [key, field] of entries)
                field.write(writer, value[key]);
        },
        read: (reader) => {
            const value = {};
            for (const [key, field] of entries)
                value[key] = field.read(reader);
            return value;
        },
        view: (value) => Object.fromEntries(entries.map(([key, field]) => [key, field.view(value[key])])),
    };
}
/** `T items<V>`: at most `maxCount` items. */
export function vector(item, maxCount) {
    return listOf(item, maxCount);
}
/** A vector whose items strictly rise by `compare`, so that equal sets have one encoding. */
export function sortedVector(item, maxCount, compare) {
    return listOf(item, maxCount, compare);
}
function listOf(item, maxCount, compare) {
    if (!takesBytes(item.notation))
        throw new RangeError('items without bytes can not be counted');
    const mayFollow = (earlier, later) => compare === undefined || earlier === undefined || compare(earlier, later) < 0;
    return {
        notation: { kind: 'vector', item: item.notation, maxCount, isSorted: compare !== undefined },
        write: (writer, values) => {
            if (values.length > maxCount)
                throw new RangeError(`${values.length} items are more than ${maxCount}`);
            if (!values.every((value, i) => mayFollow(values[i - 1], value)))
                throw new RangeError('items are out of order');
            writer.items(() => {
                for (const value of values)
                    item.write(writer, value);
            });
        },
        read: (reader) => {
            const values = [];
            reader.items(() => {
                if (values.length === maxCount)
                    reader.fail('too-many-items');
                const start = reader.offset;
                const value = item.read(reader);
                if (!mayFollow(values.at(-1), value))
                    reader.fail('out-of-order', start);
                values.push(value);
            });
            return values;
        },
        view: (values) => values.map((value) => item.view(value)),
    };
}
/** `optional<T>` of RFC 9420 §2.1.1: one presence byte, 0 or 1. */
export function optional(inner) {
    return {
        notation: { kind: 'optional', value: inner.notation },
        write: (writer, value) => {
            uint8.write(writer, value === undefined ? 0 : 1);
            if (value !== undefined)
                inner.write(writer, value);
        },
        read: (reader) => {
            const start = reader.offset;
            const presence = uint8.read(reader);
            if (presence > 1)
                reader.fail('unknown-value', start);
            return presence === 1 ? inner.read(reader) : undefined;
        },
        view: (value) => (value === undefined ? null : inner.view(value)),
    };
}
/** A tag and the one structure that it selects (RFC 8446 §3.8), as a union tagged by `kind`. */
export function variant(name, tag, arms) {
    const armOf = (kind) => arms[kind];
    return {
        notation: {
            kind: 'variant',
            name,
            tag: tag.notation,
            arms: new Map(Object.keys(arms).map((kind) => [kind, armOf(kind).notation])),
        },
        write: (writer, value) => {
            tag.write(writer, value.kind);
            armOf(value.kind).write(writer, value.value);
        },
        read: (reader) => {
            const kind = tag.read(reader);
            return { kind, value: armOf(kind).read(reader) };
        },
        view: (value) => ({ kind: value.kind, value: armOf(value.kind).view(value.value) }),
    };
}
