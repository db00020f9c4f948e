/** A small assembler: modules as nested lists of bytes, in which `HERE` marks a place without taking room. */
export const HERE = -1;
export type Code = number | readonly Code[];

export interface Assembled {
  readonly bytes: Uint8Array;
  /** Where `HERE` was; the end of the module if it was nowhere. */
  readonly here: number;
}

export function assemble(...code: readonly Code[]): Assembled {
  const flat = flatten(code);
  const here = flat.indexOf(HERE);
  const bytes = Uint8Array.from(flat.filter((byte) => byte !== HERE));
  return { bytes, here: here === -1 ? bytes.length : here };
}

export const HEADER: Code = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
export const [I32, I64, F32, F64, V128] = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b] as const;
export const END = 0x0b;

/** Unsigned LEB128. */
export function u(value: number): number[] {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

/** Signed LEB128 of anything that 64 bits hold. */
function s(value: number | bigint): number[] {
  const bytes = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest >= -64n && rest < 64n) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

export const i32 = (value: number): number[] => [0x41, ...s(value)];
export const i64 = (value: number | bigint): number[] => [0x42, ...s(value)];
export const text = (name: string): Code => sized([...new TextEncoder().encode(name)]);
export const list = (items: readonly Code[]): Code => [u(items.length), items];
export function sized(content: Code): Code {
  const flat = flatten(content);
  return [u(flat.filter((byte) => byte !== HERE).length), flat];
}
export const section = (id: number, content: Code): Code => [id, sized(content)];
export const funcType = (parameters: readonly number[], results: readonly number[]): Code => [
  0x60,
  list(parameters),
  list(results),
];
/** A body with groups of locals. */
export const body = (code: Code, locals: readonly Code[] = []): Code => sized([list(locals), code, END]);

function flatten(code: Code, into: number[] = []): number[] {
  if (typeof code === 'number') into.push(code);
  else for (const part of code) flatten(part, into);
  return into;
}

/** The parts of a policy; each section is its content, or undefined where it is not there. */
export interface PolicyParts {
  readonly types: readonly Code[];
  /** Indexes of types. */
  readonly functions: readonly Code[];
  readonly tables?: Code | undefined;
  readonly memories: Code | undefined;
  readonly globals: readonly Code[];
  readonly exports: readonly Code[];
  readonly elements?: Code | undefined;
  readonly dataCount?: Code | undefined;
  readonly bodies: readonly Code[];
  readonly data?: Code | undefined;
}

export const exported = (name: string, kind: number, index: number): Code => [text(name), kind, u(index)];

/** Indexes of the types of the policy below. */
export const TYPE = { none: 0, alloc: 1, apply: 2, migrate: 3, test: 4 } as const;

/** It gives memory from 1,024 on and accepts everything with an empty state. Function 3 is `code`, which takes an i32 and an i64. */
export function policyParts(code: Code = [], locals: readonly Code[] = []): PolicyParts {
  return {
    types: [
      funcType([], []),
      funcType([I32], [I32]),
      funcType([I32, I32, I32, I32], [I64]),
      funcType([I32, I32], [I64]),
      funcType([I32, I64], []),
    ],
    functions: [0, 1, 2, 4],
    memories: list([[0x01, u(1), u(4)]]),
    globals: [
      [I32, 0, i32(7), END],
      [I64, 1, i64(-1), END],
    ],
    exports: [
      exported('memory', 2, 0),
      exported('policy_abi_v1', 0, 0),
      exported('alloc', 0, 1),
      exported('apply', 0, 2),
    ],
    bodies: [body([]), body(i32(1024)), body(i64(1)), body(code, locals)],
  };
}

export function policy(parts: Partial<PolicyParts>): Code {
  const all = { ...policyParts(), ...parts };
  const optional = (id: number, content: Code | undefined): Code => (content === undefined ? [] : section(id, content));
  return [
    HEADER,
    section(1, list(all.types)),
    section(3, list(all.functions)),
    optional(4, all.tables),
    optional(5, all.memories),
    section(6, list(all.globals)),
    section(7, list(all.exports)),
    optional(9, all.elements),
    optional(12, all.dataCount),
    section(10, list(all.bodies)),
    optional(11, all.data),
  ];
}

/** A policy whose function 3 is this code. */
export const policyWith = (code: Code, locals: readonly Code[] = []): Code => policy(policyParts(code, locals));

/** A policy whose `apply` is this code, which gives an i64. */
export function policyApplying(code: Code, parts: Partial<PolicyParts> = {}, locals: readonly Code[] = []): Code {
  const [marker, alloc, , other] = policyParts().bodies;
  return policy({ bodies: [marker, alloc, body(code, locals), other].map((part) => part ?? []), ...parts });
}
