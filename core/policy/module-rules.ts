/**
 * What a policy module can break (`PM2`–`PM9`), by the stable name that a refusal carries. Each has one thing to say, so that who
 * compiled the module knows what to change.
 */
export const MODULE_RULES = {
  'module-size': 'more than 524,288 bytes',
  magic: 'does not begin with \\0asm',
  version: 'is not of version 1 of the binary format',
  truncated: 'ends inside of something',
  'leb-overlong': 'an integer has more bytes than its type takes',
  'leb-range': 'an integer has bits that its type has no room for',
  'name-utf8': 'a name is not UTF-8',
  'section-unknown': 'a section that core WebAssembly does not have',
  'section-order': 'a section stands after one that it has to precede',
  'section-duplicate': 'a section is there twice',
  'section-size': 'a section is longer or shorter than what it holds',
  'custom-sections': 'more than 32 custom sections, or 131,072 bytes of them',
  'type-form': 'a type that is not that of a function',
  'type-limit': 'more than 1,024 types',
  'parameter-limit': 'a function with more than 32 parameters',
  'result-limit': 'a function with more than one result',
  'float-type': 'f32 or f64',
  'vector-type': 'v128',
  'reference-type': 'a reference as a value',
  'value-type': 'a type that there is not',
  import: 'an import',
  'function-limit': 'more than 4,096 functions',
  'table-count': 'more than one table',
  'table-kind': 'a table of anything but functions, or one that is shared, of 64 bits or initialised',
  'table-unbounded': 'a table without a maximum',
  'table-limits': 'a table with a maximum below its minimum or above 4,096',
  'memory-missing': 'no memory',
  'memory-count': 'more than one memory',
  'memory-kind': 'a memory that is shared, of 64 bits, or with pages of its own size',
  'memory-unbounded': 'a memory without a maximum',
  'memory-limits': 'a memory with a maximum below its minimum or above 256 pages',
  'exception-tag': 'a section of exception tags',
  'global-limit': 'more than 1,024 globals',
  'global-mutability': 'a global that is neither constant nor variable',
  'constant-expression': 'an initial value or offset that is not one constant of its type',
  'export-unknown': 'an export that a policy does not have',
  'export-duplicate': 'an export twice',
  'export-kind': 'an export of another kind than the one of its name',
  'export-type': 'an exported function of another type than the one of its name',
  'export-missing': 'an export that a policy has to have is not there',
  'start-function': 'a start function',
  'element-kind': 'an element segment that is not active, or not a list of functions for table 0',
  'element-limit': 'more than 256 element segments, or 4,096 elements in them',
  'element-bounds': 'an element segment outside of the table',
  'data-kind': 'a data segment of a form that there is not, or for another memory',
  'data-limit': 'more than 1,024 data segments',
  'data-bounds': 'a data segment outside of the memory',
  'data-count': 'not as many data segments as were announced, or none announced where code names one',
  'data-index': 'no data segment has this index',
  'code-count': 'not as many bodies as functions',
  'body-size': 'a body is longer or shorter than its code, or than 65,536 bytes',
  'local-limit': 'more than 256 parameters and locals in a function',
  'nesting-limit': 'more than 128 blocks inside each other',
  'operand-limit': 'more than 256 operands on the stack of a function',
  'opcode-float': 'an instruction on floating-point numbers',
  'opcode-vector': 'a vector instruction',
  'opcode-atomic': 'an atomic instruction',
  'opcode-reference': 'an instruction on references or tables, or on garbage-collected values',
  'opcode-exception': 'an instruction on exceptions',
  'opcode-tail-call': 'a tail call',
  'opcode-unknown': 'an instruction that there is not',
  'block-type': 'a block that takes operands or gives more than one',
  'else-unexpected': 'an else outside of an if, or a second one',
  'else-missing': 'an if without else has to give a value',
  'stack-underflow': 'an instruction takes an operand that its block does not have',
  'stack-leftover': 'a block ends with more operands than it gives',
  'type-mismatch': 'an operand is of another type than the one that is taken',
  'branch-table':
    'tables of branches with more than 4,096 targets in a function, or one to blocks that give unlike many values',
  'label-index': 'a branch out of more blocks than there are',
  'local-index': 'no local has this index',
  'global-index': 'no global of the module has this index',
  'global-constant': 'a constant global is set',
  'function-index': 'no function of the module has this index',
  'type-index': 'no type has this index',
  'table-index': 'there is no such table',
  'memory-index': 'there is no such memory',
  alignment: 'an alignment above the natural one',
} as const satisfies Readonly<Record<string, string>>;

/** The name of a rule of `MODULE_RULES`. */
export type ModuleRule = keyof typeof MODULE_RULES;

/** The first thing in the order of the bytes that a policy module may not have. `offset` counts from its first byte. */
export interface ModuleRefusal {
  readonly rule: ModuleRule;
  readonly offset: number;
}

/** Carries a refusal out of nested readers; `verifyModuleStatically` turns it into a value. */
export class ModuleFault extends Error {
  readonly refusal: ModuleRefusal;

  constructor(rule: ModuleRule, offset: number) {
    super(`${rule} at byte ${offset}`);
    this.refusal = { rule, offset };
  }
}
