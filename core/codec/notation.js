/** Whether every value takes at least a byte. Items that took none could not be counted in a vector. */
export function takesBytes(notation) {
    switch (notation.kind) {
        case 'opaque':
            return notation.byteCount > 0;
        case 'struct':
            return notation.fields.some(([, field]) => takesBytes(field));
        default:
            return true;
    }
}
/**
 * Prints the definition in TLS presentation language (RFC 8446 §3, RFC 9420 §2), inner structures first, each once, in
 * lines of at most 100 columns where names allow. Throws where one name stands for two structures.
 */
export function printNotation(notation) {
    const definitions = new Map();
    define(notation, definitions);
    const unnamed = 'name' in notation ? [] : [declaration('value', notation)];
    return [...definitions.values(), ...unnamed].join('\n\n');
}
function define(notation, definitions) {
    for (const inner of innerNotations(notation))
        define(inner, definitions);
    if (!('name' in notation))
        return;
    const text = definitionOf(notation);
    if ((definitions.get(notation.name) ?? text) !== text)
        throw new Error(`two structures are called ${notation.name}`);
    definitions.set(notation.name, text);
}
function innerNotations(notation) {
    switch (notation.kind) {
        case 'vector':
            return [notation.item];
        case 'optional':
            return [notation.value];
        case 'struct':
            return notation.fields.map(([, field]) => field);
        case 'variant':
            return [notation.tag, ...notation.arms.values()];
        default:
            return [];
    }
}
function definitionOf(notation) {
    switch (notation.kind) {
        case 'struct':
            return block('struct', notation.name, notation.fields.map(([name, field]) => declaration(name, field)));
        case 'choice':
            return enumOf(notation.name, [
                ...[...notation.values].map(([name, value]) => `${snake(name)}(${value})`),
                `(${2 ** notation.bits - 1})`,
            ]);
        case 'variant':
            return block('struct', notation.name, [
                declaration('kind', notation.tag),
                `select (${notation.name}.kind) {`,
                ...[...notation.arms].map(([name, arm]) => `  case ${snake(name)}: ${declaration(name, arm)}`),
                '};',
            ]);
    }
}
const MAX_COLUMNS = 100;
function enumOf(name, members) {
    const line = `enum { ${members.join(', ')} } ${name};`;
    if (line.length <= MAX_COLUMNS)
        return line;
    return block('enum', name, members.map((member, i) => (i < members.length - 1 ? `${member},` : member)));
}
function block(keyword, name, lines) {
    return lines.length === 0 ? `${keyword} {} ${name};` : `${keyword} {\n  ${lines.join('\n  ')}\n} ${name};`;
}
function declaration(fieldName, notation) {
    const { type, length = '', note } = typeOf(notation);
    return `${type} ${snake(fieldName)}${length};${note === undefined ? '' : `  /* ${note} */`}`;
}
function typeOf(notation) {
    switch (notation.kind) {
        case 'integer':
            return { type: `uint${notation.bits}` };
        case 'constant':
            return { type: typeOf(notation.of).type, length: ` = ${notation.value}` };
        case 'opaque':
            return { type: 'opaque', length: `[${notation.byteCount}]` };
        case 'opaque-vector':
            return { type: 'opaque', length: '<V>', note: `at most ${notation.maxBytes} bytes` };
        case 'text':
            return { type: 'opaque', length: '<V>', note: `UTF-8, at most ${notation.maxBytes} bytes` };
        case 'vector':
            return vectorOf(notation);
        case 'optional': {
            const { type, length = '', ...rest } = typeOf(notation.value);
            return { type: `optional<${type}${length}>`, ...rest };
        }
        case 'choice':
        case 'struct':
        case 'variant':
            return { type: notation.name };
    }
}
function vectorOf({ item, maxCount, isSorted }) {
    const order = isSorted ? ', rising' : '';
    // The language has no vector of fixed-size strings, but their bytes in a row are one.
    if (item.kind === 'opaque') {
        return { type: 'opaque', length: '<V>', note: `at most ${maxCount} of ${item.byteCount} bytes each${order}` };
    }
    const { type, length = '', note } = typeOf(item);
    const each = note === undefined ? '' : `, each ${note}`;
    return { type: `${type}${length}`, length: '<V>', note: `at most ${maxCount}${order}${each}` };
}
function snake(name) {
    return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/-/g, '_');
}
