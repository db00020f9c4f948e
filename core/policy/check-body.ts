import { readInstruction, type Instruction } from './instructions.ts';
import { MAX_BODY_BYTES, MAX_BRANCH_TARGETS, MAX_LOCALS } from './module-limits.ts';
import type { FunctionBody, ModuleDraft } from './module-image.ts';
import type { ModuleReader } from './module-reader.ts';
import { OperandStack, UNKNOWN } from './operand-stack.ts';
import { OP, OPERATIONS } from './operations.ts';
import { I32, I64, readValueType, type FunctionType, type ValueType } from './value-type.ts';

/** Reads all bodies; every instruction of each is checked, whether it can be reached or not (`PM6`, `PM7`). */
export function readCode(reader: ModuleReader, draft: ModuleDraft): void {
  const at = reader.offset;
  if (reader.u32() !== draft.functions.length) reader.fail('code-count', at);
  for (const type of draft.functions) {
    const sizeAt = reader.offset;
    const byteCount = reader.u32();
    if (byteCount > MAX_BODY_BYTES) reader.fail('body-size', sizeAt);
    draft.bodies.push(reader.within(byteCount, 'body-size', () => readBody(reader, draft, type)));
  }
}

function readBody(reader: ModuleReader, draft: ModuleDraft, type: FunctionType): FunctionBody {
  const start = reader.offset;
  const locals = [...type.parameters];
  readLocals(reader, locals);
  const code = reader.offset;
  new BodyCheck(draft, locals).check(reader, type.result);
  return { start, code, end: reader.offset, locals: locals.length - type.parameters.length };
}

function readLocals(reader: ModuleReader, locals: ValueType[]): void {
  const groups = reader.count(MAX_LOCALS, 'local-limit');
  for (let i = 0; i < groups; i++) {
    const count = reader.count(MAX_LOCALS - locals.length, 'local-limit');
    const type = readValueType(reader);
    for (let j = 0; j < count; j++) locals.push(type);
  }
}

/** One body against the module that it is of. */
class BodyCheck {
  readonly #module: ModuleDraft;
  readonly #locals: readonly ValueType[];
  readonly #stack = new OperandStack();
  /** Of all tables of branches. */
  #targets = 0;

  constructor(module: ModuleDraft, locals: readonly ValueType[]) {
    this.#module = module;
    this.#locals = locals;
  }

  check(reader: ModuleReader, result: ValueType | undefined): void {
    this.#stack.open(OP.block, result);
    while (this.#stack.depth > 0) {
      const instruction = readInstruction(reader);
      this.#stack.offset = instruction.offset;
      const operation = OPERATIONS[instruction.opcode];
      if (operation !== undefined) {
        if (operation.alignment !== undefined) this.#demandMemory();
        this.#apply(operation.takes, operation.gives);
      } else if (!this.#checkControl(instruction)) this.#checkAccess(instruction);
    }
  }

  #apply(takes: readonly ValueType[], gives: ValueType | undefined): void {
    for (let i = takes.length - 1; i >= 0; i--) this.#stack.pop(takes[i]);
    this.#stack.push(gives);
  }

  /** Blocks and branches; false where the instruction is none of them. */
  #checkControl(instruction: Instruction): boolean {
    const stack = this.#stack;
    switch (instruction.opcode) {
      case OP.if:
        stack.pop(I32);
        stack.open(instruction.opcode, instruction.blockType);
        return true;
      case OP.block:
      case OP.loop:
        stack.open(instruction.opcode, instruction.blockType);
        return true;
      case OP.else:
        this.#checkElse();
        return true;
      case OP.end:
        this.#checkEnd();
        return true;
      case OP.br:
        stack.pop(stack.labelType(instruction.index));
        stack.setUnreachable();
        return true;
      case OP.brIf:
        stack.pop(I32);
        this.#passOver(stack.labelType(instruction.index));
        return true;
      case OP.brTable:
        this.#checkBranchTable(instruction);
        return true;
      case OP.return:
        stack.pop(stack.labelType(stack.depth - 1));
        stack.setUnreachable();
        return true;
      case OP.unreachable:
        stack.setUnreachable();
        return true;
      default:
        return false;
    }
  }

  #checkElse(): void {
    const { opcode, gives } = this.#stack.close();
    if (opcode !== OP.if) this.#stack.fail('else-unexpected');
    this.#stack.open(OP.else, gives);
  }

  #checkEnd(): void {
    const { opcode, gives } = this.#stack.close();
    if (opcode === OP.if && gives !== undefined) this.#stack.fail('else-missing');
    if (this.#stack.depth > 0) this.#stack.push(gives);
  }

  #checkBranchTable({ index, targets }: Instruction): void {
    const stack = this.#stack;
    this.#targets += targets.length;
    // An optimising compiler keeps every local for each of them: tens of thousands would take it hundreds of megabytes.
    if (this.#targets > MAX_BRANCH_TARGETS) stack.fail('branch-table');
    stack.pop(I32);
    const otherwise = stack.labelType(index);
    for (const target of targets) {
      const type = stack.labelType(target);
      if ((type === undefined) !== (otherwise === undefined)) stack.fail('branch-table');
      // In unreachable code blocks of unlike types may stand in one table, so what was found is put back as it was.
      stack.push(stack.pop(type));
    }
    stack.pop(otherwise);
    stack.setUnreachable();
  }

  #passOver(type: ValueType | undefined): void {
    this.#stack.pop(type);
    this.#stack.push(type);
  }

  #checkAccess({ opcode, index }: Instruction): void {
    switch (opcode) {
      case OP.localGet:
        return this.#stack.push(this.#local(index));
      case OP.localSet:
        return void this.#stack.pop(this.#local(index));
      case OP.localTee:
        return this.#passOver(this.#local(index));
      case OP.globalGet:
        return this.#stack.push(this.#global(index).type);
      case OP.globalSet:
        return this.#setGlobal(index);
      case OP.call:
        return this.#call(this.#module.functions[index] ?? this.#stack.fail('function-index'));
      case OP.callIndirect:
        return this.#callIndirect(index);
      case OP.i32Const:
        return this.#stack.push(I32);
      case OP.i64Const:
        return this.#stack.push(I64);
      case OP.drop:
        return void this.#stack.popAny();
      case OP.select:
        return this.#select();
      case OP.nop:
        return;
      default:
        return this.#checkBulk(opcode, index);
    }
  }

  #checkBulk(opcode: number, index: number): void {
    if (opcode === OP.memoryInit || opcode === OP.dataDrop) this.#demandSegment(index);
    if (opcode === OP.dataDrop) return;
    this.#demandMemory();
    if (opcode === OP.memorySize) return this.#apply([], I32);
    if (opcode === OP.memoryGrow) return this.#apply([I32], I32);
    this.#apply([I32, I32, I32], undefined);
  }

  #local(index: number): ValueType {
    return this.#locals[index] ?? this.#stack.fail('local-index');
  }

  /** By the module's own numbering: the counters that the meter appends have indexes that no module can name. */
  #global(index: number): { readonly type: ValueType; readonly isMutable: boolean } {
    return this.#module.globals[index] ?? this.#stack.fail('global-index');
  }

  #setGlobal(index: number): void {
    const { type, isMutable } = this.#global(index);
    if (!isMutable) this.#stack.fail('global-constant');
    this.#stack.pop(type);
  }

  #call({ parameters, result }: FunctionType): void {
    this.#apply(parameters, result);
  }

  #callIndirect(typeIndex: number): void {
    if (this.#module.tableElements === undefined) this.#stack.fail('table-index');
    const type = this.#module.types[typeIndex] ?? this.#stack.fail('type-index');
    this.#stack.pop(I32);
    this.#call(type);
  }

  #select(): void {
    this.#stack.pop(I32);
    const second = this.#stack.popAny();
    const first = this.#stack.popAny();
    if (first !== second && first !== UNKNOWN && second !== UNKNOWN) this.#stack.fail('type-mismatch');
    this.#stack.push(first === UNKNOWN ? second : first);
  }

  #demandMemory(): void {
    if (this.#module.memory === undefined) this.#stack.fail('memory-index');
  }

  #demandSegment(index: number): void {
    const { dataCount } = this.#module;
    if (dataCount === undefined) return this.#stack.fail('data-count');
    if (index >= dataCount) this.#stack.fail('data-index');
  }
}
