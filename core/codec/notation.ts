/** The shape of an encoding, from which its definition is printed. */
export type Notation =
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64 }
  | { readonly kind: 'constant'; readonly of: Notation; readonly value: number }
  | { readonly kind: 'opaque'; readonly byteCount: number }
  | { readonly kind: 'opaque-vector'; readonly maxBytes: number }
  | { readonly kind: 'text'; readonly maxBytes: number }
  | {
      readonly kind: 'choice';
      readonly name: string;
      readonly bits: 8 | 16;
      readonly values: ReadonlyMap<string, number>;
    }
  | { readonly kind: 'vector'; readonly item: Notation; readonly maxCount: number }
  | { readonly kind: 'optional'; readonly value: Notation }
  | { readonly kind: 'struct'; readonly name: string; readonly fields: readonly (readonly [string, Notation])[] }
  | {
      readonly kind: 'variant';
      readonly name: string;
      readonly tag: Notation;
      readonly arms: ReadonlyMap<string, Notation>;
    };

/**
 * Prints the definition in TLS presentation language (RFC 8446 §3, RFC 9420 §2), inner structures first, each once.
 */
export function printNotation(notation: Notation): string {
  const definitions = new Map<string, string>();
  define(notation, definitions);
  return [...definitions.values()].join('\n\n');
}

function define(notation: Notation, definitions: Map<string, string>): void {
  for (const inner of innerNotations(notation)) define(inner, definitions);
  const text = definitionOf(notation);
  if (text !== undefined && 'name' in notation) definitions.set(notation.name, text);
}

function innerNotations(notation: Notation): readonly Notation[] {
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

function definitionOf(notation: Notation): string | undefined {
  switch (notation.kind) {
    case 'struct':
      return `struct {\n${notation.fields.map(([name, field]) => `  ${declaration(name, field)}`).join('\n')}\n} ${notation.name};`;
    case 'choice':
      return `enum { ${[...notation.values].map(([name, value]) => `${snake(name)}(${value})`).join(', ')}, (${2 ** notation.bits - 1}) } ${notation.name};`;
    case 'variant':
      return `struct {\n  ${declaration('kind', notation.tag)}\n  select (${notation.name}.kind) {\n${[...notation.arms]
        .map(([name, arm]) => `    case ${snake(name)}: ${declaration(name, arm)}`)
        .join('\n')}\n  };\n} ${notation.name};`;
    default:
      return undefined;
  }
}

function declaration(fieldName: string, notation: Notation): string {
  const name = snake(fieldName);
  switch (notation.kind) {
    case 'integer':
      return `uint${notation.bits} ${name};`;
    case 'constant':
      return declaration(name, notation.of).replace(';', ` = ${notation.value};`);
    case 'opaque':
      return `opaque ${name}[${notation.byteCount}];`;
    case 'opaque-vector':
      return `opaque ${name}<V>;  /* at most ${notation.maxBytes} bytes */`;
    case 'text':
      return `opaque ${name}<V>;  /* UTF-8, at most ${notation.maxBytes} bytes */`;
    case 'vector':
      return `${typeName(notation.item)} ${name}<V>;  /* at most ${notation.maxCount} */`;
    case 'optional':
      return `optional<${typeName(notation.value)}> ${name};`;
    case 'choice':
    case 'struct':
    case 'variant':
      return `${notation.name} ${name};`;
  }
}

/** The name of a type where no field name goes between it and its length. */
function typeName(notation: Notation): string {
  return declaration('', notation).replace(/;.*$/, '').replace(' ', '');
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/-/g, '_');
}
