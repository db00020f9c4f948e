import type { ModuleRule } from '../../../core/index.ts';
import {
  body,
  END,
  exported,
  F32,
  F64,
  funcType,
  HEADER,
  HERE,
  I32,
  i32,
  I64,
  i64,
  list,
  policy,
  policyParts,
  policyWith,
  section,
  sized,
  text,
  TYPE,
  u,
  V128,
  type Code,
} from './assembler.ts';

/** What each module does, the rule that it breaks, and its bytes with `HERE` where it does. */
export type HostileModule = readonly [what: string, rule: ModuleRule, code: Code];

const MAGIC: Code = [0x00, 0x61, 0x73, 0x6d];
const SET = 0x24;
const parts = policyParts();

const repeat = (count: number, code: Code): Code => Array.from({ length: count }, () => code);
const withExport = (...more: readonly Code[]): Code => policy({ exports: [...parts.exports, ...more] });
const withTable = (table: Code): Code => policy({ tables: list([table]) });
const withMemory = (memory: Code): Code => policy({ memories: list([memory]) });
const withData = (data: Code): Code => policy({ data: list([data]) });
const TABLE: Code = [0x70, 0x01, u(2), u(2)];
const withElement = (element: Code): Code => policy({ tables: list([TABLE]), elements: list([element]) });
const BULK = [i32(0), i32(0), i32(0)];

const framing: readonly HostileModule[] = [
  ['nothing at all', 'truncated', []],
  ['text', 'magic', [HERE, 0x28, 0x6d, 0x6f, 0x64, 0x75, 0x6c, 0x65]],
  ['a component', 'version', [MAGIC, HERE, 0x0d, 0x00, 0x01, 0x00]],
  ['half of a header', 'truncated', [MAGIC, 0x01]],
  ['a section that is longer than the module', 'truncated', [HEADER, 1, u(200), 0, HERE]],
  ['a section that says that it is 4 GiB', 'truncated', [HEADER, 1, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ['a size of six bytes', 'leb-overlong', [HEADER, 1, 0x80, 0x80, 0x80, 0x80, HERE, 0x80, 0x00]],
  ['a size above 32 bits', 'leb-range', [HEADER, 1, 0x80, 0x80, 0x80, 0x80, HERE, 0x10]],
  ['an i32 above 32 bits', 'leb-range', policyWith([0x41, 0x80, 0x80, 0x80, 0x80, HERE, 0x08, 0x1a])],
  ['an i32 of six bytes', 'leb-overlong', policyWith([0x41, 0x80, 0x80, 0x80, 0x80, HERE, 0x80, 0x00, 0x1a])],
  ['an i64 above 64 bits', 'leb-range', policyWith([0x42, repeat(9, 0xff), HERE, 0x3f, 0x1a])],
  ['an i64 of eleven bytes', 'leb-overlong', policyWith([0x42, repeat(9, 0xff), HERE, 0xff, 0x7f, 0x1a])],
  ['a custom section with a broken name', 'name-utf8', [HEADER, 0, sized([u(2), HERE, 0xc3, 0x28])]],
  ['a custom section with a name longer than itself', 'section-size', [HEADER, 0, sized([u(9), 0x61]), HERE, END]],
  ['an unknown section', 'section-unknown', [HEADER, HERE, 14, 0]],
  ['code before types', 'section-order', [HEADER, section(10, list([])), HERE, section(1, list([]))]],
  ['types twice', 'section-duplicate', [HEADER, section(1, list([])), HERE, section(1, list([]))]],
  ['a section with a byte too many', 'section-size', [HEADER, section(1, [list([]), HERE, 0])]],
  ['a section with a byte too few', 'section-size', [HEADER, 1, u(1), u(1), HERE, funcType([], [])]],
  [
    'thousands of custom sections',
    'custom-sections',
    [HEADER, repeat(32, section(0, text('x'))), HERE, section(0, text('x'))],
  ],
  ['a huge custom section', 'custom-sections', [HEADER, HERE, section(0, [text('x'), repeat(131_071, 0)])]],
  ['one byte too many', 'module-size', [HEADER, repeat(524_280, 0), HERE, 0]],
];

const declarations: readonly HostileModule[] = [
  ['a type of a struct', 'type-form', [HEADER, section(1, list([[HERE, 0x5f, 0x00]]))]],
  ['a million types', 'type-limit', [HEADER, section(1, [HERE, u(1_000_000)])]],
  ['a million parameters', 'parameter-limit', [HEADER, section(1, list([[0x60, HERE, u(1_000_000)]]))]],
  ['two results', 'result-limit', [HEADER, section(1, list([[0x60, list([]), HERE, list([I32, I32])]]))]],
  ['a parameter of f32', 'float-type', [HEADER, section(1, list([funcType([], []), [0x60, u(1), HERE, F32, u(0)]]))]],
  ['a result of f64', 'float-type', [HEADER, section(1, list([[0x60, u(0), u(1), HERE, F64]]))]],
  ['a parameter of v128', 'vector-type', [HEADER, section(1, list([[0x60, u(1), HERE, V128, u(0)]]))]],
  ['a parameter of externref', 'reference-type', [HEADER, section(1, list([[0x60, u(1), HERE, 0x6f, u(0)]]))]],
  ['a type of no type', 'value-type', [HEADER, section(1, list([[0x60, u(1), HERE, 0x40, u(0)]]))]],
  [
    'an imported function',
    'import',
    [HEADER, section(1, list([funcType([], [])])), section(2, [u(1), HERE, text('env'), text('now'), 0, 0])],
  ],
  ['a million functions', 'function-limit', [HEADER, section(1, list([])), section(3, [HERE, u(1_000_000)])]],
  ['a function of a type that is not there', 'type-index', policy({ functions: [0, 1, 2, [HERE, u(99)]] })],
  ['two tables', 'table-count', policy({ tables: [HERE, u(2), TABLE, TABLE] })],
  ['a table of externref', 'table-kind', withTable([HERE, 0x6f, 0x01, u(1), u(1)])],
  ['a table of 64-bit indexes', 'table-kind', withTable([0x70, HERE, 0x05, u(1), u(1)])],
  ['a table that grows for ever', 'table-unbounded', withTable([0x70, HERE, 0x00, u(1)])],
  ['a huge table', 'table-limits', withTable([0x70, HERE, 0x01, u(1), u(10_000_000)])],
  ['a table upside down', 'table-limits', withTable([0x70, HERE, 0x01, u(2), u(1)])],
  ['two memories', 'memory-count', policy({ memories: [HERE, u(2)] })],
  ['a shared memory', 'memory-kind', withMemory([HERE, 0x03, u(1), u(1)])],
  ['a memory of 64 bits', 'memory-kind', withMemory([HERE, 0x05, u(1), u(1)])],
  ['a memory that grows for ever', 'memory-unbounded', withMemory([HERE, 0x00, u(1)])],
  ['a memory of 4 GiB', 'memory-limits', withMemory([HERE, 0x01, u(1), u(65_536)])],
  ['a memory upside down', 'memory-limits', withMemory([HERE, 0x01, u(2), u(1)])],
  [
    'a tag of exceptions',
    'exception-tag',
    [HEADER, section(1, list([funcType([], [])])), HERE, section(13, list([[0, 0]]))],
  ],
  ['a million globals', 'global-limit', [HEADER, section(6, [HERE, u(1_000_000)])]],
  ['a global that is shared', 'global-mutability', policy({ globals: [[I32, HERE, 2, i32(0), END]] })],
  ['a global of f64', 'float-type', policy({ globals: [[HERE, F64, 0, 0x44, repeat(8, 0), END]] })],
  ['a global of funcref', 'reference-type', policy({ globals: [[HERE, 0x70, 0, 0xd2, 0, END]] })],
  [
    'a global of another type than its value',
    'constant-expression',
    policy({ globals: [[I32, 0, HERE, i64(0), END]] }),
  ],
  [
    'a global that is computed',
    'constant-expression',
    policy({ globals: [[I32, 0, i32(1), HERE, i32(2), 0x6a, END]] }),
  ],
  ['a start function', 'start-function', [HEADER, section(1, list([funcType([], [])])), HERE, section(8, u(0))]],
];

const exports: readonly HostileModule[] = [
  ['an export of its own', 'export-unknown', withExport([HERE, exported('backdoor', 0, 3)])],
  ['an export with the name of the fuel', 'export-unknown', withExport([HERE, exported('terachat_fuel', 3, 1)])],
  ['an export with a name of every object', 'export-unknown', withExport([HERE, exported('__proto__', 0, 3)])],
  ['two functions apply', 'export-duplicate', withExport([HERE, exported('apply', 0, 2)])],
  ['a global as apply', 'export-kind', policy({ exports: [[text('apply'), HERE, 3, u(0)]] })],
  ['a function as memory', 'export-kind', policy({ exports: [[text('memory'), HERE, 0, u(0)]] })],
  ['apply of another type', 'export-type', policy({ exports: [[text('apply'), 0, HERE, u(1)]] })],
  ['_initialize that takes a number', 'export-type', withExport([text('_initialize'), 0, HERE, u(1)])],
  ['migrate that gives nothing', 'export-type', withExport([text('migrate'), 0, HERE, u(0)])],
  ['apply that is not there', 'function-index', policy({ exports: [[text('apply'), 0, HERE, u(77)]] })],
  ['another memory', 'memory-index', policy({ exports: [[text('memory'), 2, HERE, u(1)]] })],
  ['no apply', 'export-missing', policy({ exports: parts.exports.slice(0, 3) })],
  ['no marker of the interface', 'export-missing', policy({ exports: parts.exports.filter((_, i) => i !== 1) })],
  ['no memory', 'memory-missing', policy({ memories: undefined, exports: parts.exports.slice(1) })],
];

const segments: readonly HostileModule[] = [
  ['a declared element segment', 'element-kind', withElement([HERE, 3, 0, list([u(0)])])],
  ['a passive element segment', 'element-kind', withElement([HERE, 1, 0, list([u(0)])])],
  ['a million element segments', 'element-limit', policy({ elements: [HERE, u(1_000_000)] })],
  [
    'the same elements again and again',
    'element-limit',
    policy({
      tables: list([[0x70, 1, u(4_096), u(4_096)]]),
      elements: list([
        [0, i32(0), END, [u(4_000), repeat(4_000, 0)]],
        [0, i32(0), END, HERE, [u(97), repeat(97, 0)]],
      ]),
    }),
  ],
  ['elements past the table', 'element-bounds', withElement([HERE, 0, i32(1), END, list([u(0), u(0)])])],
  ['elements at a negative place', 'element-bounds', withElement([HERE, 0, i32(-1), END, list([u(0)])])],
  ['elements without a table', 'table-index', policy({ elements: list([[HERE, 0, i32(0), END, list([])]]) })],
  ['an element that is no function', 'function-index', withElement([0, i32(0), END, u(1), HERE, u(4)])],
  ['elements at a computed place', 'constant-expression', withElement([0, HERE, 0x23, 0, END, list([])])],
  ['data for another memory', 'data-kind', withData([HERE, 2, u(1), i32(0), END, text('x')])],
  ['a million data segments', 'data-limit', policy({ data: [HERE, u(1_000_000)] })],
  ['data past the memory', 'data-bounds', withData([HERE, 0, i32(65_535), END, text('xy')])],
  ['data at a negative place', 'data-bounds', withData([HERE, 0, i32(-1), END, text('x')])],
  [
    'data that ends outside of its section',
    'section-size',
    [policy({ data: [u(1), 0, i32(0), END, u(9), 0x61] }), HERE],
  ],
  ['more data than announced', 'data-count', policy({ dataCount: u(0), data: [HERE, u(1), 1, text('x')] })],
  ['data that was announced and is not there', 'data-count', policy({ dataCount: u(1) })],
];

const bodies: readonly HostileModule[] = [
  [
    'fewer bodies than functions',
    'code-count',
    [HEADER, section(1, list([funcType([], [])])), section(3, list([u(0)])), section(10, [HERE, u(0)])],
  ],
  ['functions without code', 'code-count', [HEADER, section(1, list([funcType([], [])])), section(3, list([u(0)]))]],
  ['a body longer than its code', 'body-size', policyWith([END, HERE, 0x01])],
  ['a body that never ends', 'body-size', policy({ bodies: [...parts.bodies.slice(0, 3), [u(2), u(0), 0x01, HERE]] })],
  ['a huge body', 'body-size', policy({ bodies: [...parts.bodies.slice(0, 3), [HERE, body(repeat(65_536, 0x01))]] })],
  ['four billion locals', 'local-limit', policyWith([], [[HERE, u(4_294_967_295), I32]])],
  [
    'locals that add up',
    'local-limit',
    policyWith(
      [],
      [
        [u(200), I32],
        [HERE, u(55), I64],
      ],
    ),
  ],
  ['a local of f32', 'float-type', policyWith([], [[u(1), HERE, F32]])],
  [
    'a thousand blocks inside each other',
    'nesting-limit',
    policyWith([repeat(128, [0x02, 0x40]), HERE, 0x02, 0x40, repeat(129, END)]),
  ],
  ['a pile of operands', 'operand-limit', policyWith([repeat(256, i32(0)), HERE, i32(0), repeat(257, 0x1a)])],
  ['f32.const', 'opcode-float', policyWith([HERE, 0x43, repeat(4, 0), 0x1a])],
  ['f64.load', 'opcode-float', policyWith([i32(0), HERE, 0x2b, 0, 0, 0x1a])],
  ['i32.trunc_sat_f32_s', 'opcode-float', policyWith([0x00, HERE, 0xfc, 0x00, 0x1a])],
  ['f64.add', 'opcode-float', policyWith([0x00, HERE, 0xa0, 0x1a])],
  ['v128.const', 'opcode-vector', policyWith([HERE, 0xfd, 0x0c, repeat(16, 0), 0x1a])],
  ['memory.atomic.notify', 'opcode-atomic', policyWith([0x00, HERE, 0xfe, 0x00, 2, 0, 0x1a])],
  ['ref.null', 'opcode-reference', policyWith([HERE, 0xd0, 0x70, 0x1a])],
  ['table.grow', 'opcode-reference', policyWith([0x00, HERE, 0xfc, 0x0f, 0x00, 0x1a])],
  ['table.set', 'opcode-reference', policyWith([0x00, HERE, 0x26, 0x00])],
  ['struct.new', 'opcode-reference', policyWith([HERE, 0xfb, 0x00, 0x00, 0x1a])],
  ['try', 'opcode-exception', policyWith([HERE, 0x06, 0x40, END])],
  ['throw', 'opcode-exception', policyWith([HERE, 0x08, 0x00])],
  ['try_table', 'opcode-exception', policyWith([HERE, 0x1f, 0x40, 0, END])],
  ['return_call', 'opcode-tail-call', policyWith([HERE, 0x12, 0x00])],
  ['return_call_indirect', 'opcode-tail-call', policyWith([0x00, HERE, 0x13, 0x00, 0x00])],
  ['no instruction', 'opcode-unknown', policyWith([HERE, 0xff])],
  ['no instruction after the prefix', 'opcode-unknown', policyWith([HERE, 0xfc, 0x63])],
  ['a block with a type of its own', 'block-type', policyWith([0x02, HERE, 0x00, END])],
  ['a block of f64', 'float-type', policyWith([0x02, HERE, F64, 0x00, END, 0x1a])],
  ['else without if', 'else-unexpected', policyWith([0x02, 0x40, HERE, 0x05, END])],
  ['else twice', 'else-unexpected', policyWith([i32(1), 0x04, 0x40, 0x05, HERE, 0x05, END])],
  ['an if that gives only sometimes', 'else-missing', policyWith([i32(1), 0x04, I32, i32(1), HERE, END, 0x1a])],
];

const typing: readonly HostileModule[] = [
  ['an operand out of nothing', 'stack-underflow', policyWith([HERE, 0x1a])],
  ['an operand of the block around', 'stack-underflow', policyWith([i32(1), 0x02, 0x40, HERE, 0x1a, END, 0x1a])],
  [
    'a function without its result',
    'stack-underflow',
    policy({ bodies: [...parts.bodies.slice(0, 2), sized([list([]), HERE, END]), body([])] }),
  ],
  [
    'operands left over',
    'stack-leftover',
    policy({ bodies: [sized([list([]), i32(1), HERE, END]), ...parts.bodies.slice(1)] }),
  ],
  ['an i64 where an i32 belongs', 'type-mismatch', policyWith([i32(1), i64(1), HERE, 0x6a, 0x1a])],
  ['a choice between two types', 'type-mismatch', policyWith([i32(1), i64(1), i32(0), HERE, 0x1b, 0x1a])],
  ['a local of another type', 'type-mismatch', policyWith([i32(1), HERE, 0x21, 1])],
  [
    'a return of another type',
    'type-mismatch',
    policy({ bodies: [...parts.bodies.slice(0, 2), body([i32(1), HERE, 0x0f]), body([])] }),
  ],
  ['a lie behind unreachable', 'type-mismatch', policyWith([0x00, i64(1), HERE, 0x45, 0x1a])],
  ['a lie behind return', 'type-mismatch', policyWith([0x0f, i32(1), i64(1), HERE, 0x6a, 0x1a])],
  ['operands left over behind a branch', 'stack-leftover', policyWith([0x02, 0x40, 0x0c, 0, i32(1), HERE, END])],
  ['a float behind a branch', 'opcode-float', policyWith([0x0c, 0, HERE, 0x92, 0x1a])],
  ['a local behind unreachable', 'local-index', policyWith([0x00, HERE, 0x20, 2, 0x1a])],
  ['a call of nobody behind unreachable', 'function-index', policyWith([0x00, HERE, 0x10, 4])],
  [
    'branches to unlike blocks',
    'branch-table',
    policyWith([0x02, I32, 0x02, 0x40, i32(1), i32(0), HERE, 0x0e, u(1), u(0), u(1), END, i32(0), END, 0x1a]),
  ],
  ['a million branches', 'branch-table', policyWith([i32(0), 0x0e, HERE, u(1_000_000)])],
  [
    'thousands of branches in one function',
    'branch-table',
    policyWith([
      [0x02, 0x40, i32(0), 0x0e, u(4_000), repeat(4_000, 0), u(0), END],
      [i32(0), HERE, 0x0e, u(97), repeat(97, 0), u(0)],
    ]),
  ],
  ['a branch out of the function', 'label-index', policyWith([HERE, 0x0c, 1])],
  ['a local that is not there', 'local-index', policyWith([HERE, 0x20, 2, 0x1a])],
  ['the fuel counter set', 'global-index', policyWith([i64(1_000_000), HERE, SET, u(2)])],
  ['the depth counter set', 'global-index', policyWith([i32(0), HERE, SET, u(3)])],
  ['the fuel counter read', 'global-index', policyWith([HERE, 0x23, u(2), 0x1a])],
  ['a constant set', 'global-constant', policyWith([i32(1), HERE, SET, u(0)])],
  ['a call of a function of the meter', 'function-index', policyWith([i32(1), HERE, 0x10, u(4), 0x1a])],
  ['a call through no table', 'table-index', policyWith([i32(0), HERE, 0x11, TYPE.none, u(0)])],
  ['a call through another table', 'table-index', policyWith([i32(0), 0x11, TYPE.none, HERE, u(1)])],
  [
    'a call of a type that is not there',
    'type-index',
    policy({ ...policyParts([i32(0), HERE, 0x11, u(50), u(0)]), tables: list([TABLE]) }),
  ],
  ['another memory grows', 'memory-index', policyWith([i32(0), 0x40, HERE, 1, 0x1a])],
  ['a load from another memory', 'memory-index', policyWith([i32(0), 0x28, HERE, 0x42, 1, 0, 0x1a])],
  [
    'a load without a memory',
    'memory-index',
    policy({ ...policyParts([i32(0), HERE, 0x28, 2, 0, 0x1a]), memories: undefined, exports: [] }),
  ],
  ['a load of too wide an alignment', 'alignment', policyWith([i32(0), 0x28, HERE, 3, 0, 0x1a])],
  ['memory.init of data that nobody announced', 'data-count', policyWith([BULK, HERE, 0xfc, 0x08, 0, 0])],
  [
    'memory.init of data that is not there',
    'data-index',
    policy({ ...policyParts([BULK, HERE, 0xfc, 0x08, 1, 0]), dataCount: u(1), data: list([[1, text('x')]]) }),
  ],
];

export const hostileModules: readonly HostileModule[] = [
  ...framing,
  ...declarations,
  ...exports,
  ...segments,
  ...bodies,
  ...typing,
];
