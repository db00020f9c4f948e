import { MAX_NESTING, MAX_OPERANDS } from './module-limits.ts';
import { ModuleFault, type ModuleRule } from './module-rules.ts';
import { OP } from './operations.ts';
import type { ValueType } from './value-type.ts';

/** An operand of code that is never reached is whatever is taken. */
export const UNKNOWN = 0;
export type Operand = ValueType | typeof UNKNOWN;

/** A block that is open. */
export interface OpenBlock {
  readonly opcode: number;
  readonly gives: ValueType | undefined;
  /** How many operands lie below it, which it can't reach. */
  readonly height: number;
  isUnreachable: boolean;
}

/**
 * The types of a function's operands and its open blocks, as the algorithm of the specification has them (core
 * specification, appendix A.3). Blocks take nothing here and give at most one value, so a list of types is one or none.
 */
export class OperandStack {
  /** Of the instruction that is being checked. */
  offset = 0;
  readonly #operands: Operand[] = [];
  readonly #blocks: OpenBlock[] = [];

  get depth(): number {
    return this.#blocks.length;
  }

  fail(rule: ModuleRule): never {
    throw new ModuleFault(rule, this.offset);
  }

  push(type: Operand | undefined): void {
    if (type === undefined) return;
    if (this.#operands.length >= MAX_OPERANDS) this.fail('operand-limit');
    this.#operands.push(type);
  }

  popAny(): Operand {
    const block = this.#innermost();
    if (this.#operands.length > block.height) return this.#operands.pop() as Operand;
    return block.isUnreachable ? UNKNOWN : this.fail('stack-underflow');
  }

  pop(expected: ValueType | undefined): Operand | undefined {
    if (expected === undefined) return undefined;
    const found = this.popAny();
    if (found !== expected && found !== UNKNOWN) this.fail('type-mismatch');
    return found;
  }

  open(opcode: number, gives: ValueType | undefined): void {
    // The body itself is the first block.
    if (this.#blocks.length > MAX_NESTING) this.fail('nesting-limit');
    this.#blocks.push({ opcode, gives, height: this.#operands.length, isUnreachable: false });
  }

  close(): OpenBlock {
    const block = this.#innermost();
    this.pop(block.gives);
    if (this.#operands.length !== block.height) this.fail('stack-leftover');
    this.#blocks.pop();
    return block;
  }

  /** What follows in this block is never reached: its operands are gone, and all that it takes is there. */
  setUnreachable(): void {
    const block = this.#innermost();
    this.#operands.length = block.height;
    block.isUnreachable = true;
  }

  /** What a branch to this block takes along: what the block gives, or nothing to the head of a loop. */
  labelType(label: number): ValueType | undefined {
    const block = this.#blocks[this.#blocks.length - 1 - label] ?? this.fail('label-index');
    return block.opcode === OP.loop ? undefined : block.gives;
  }

  #innermost(): OpenBlock {
    const block = this.#blocks.at(-1);
    if (block === undefined) throw new Error('code goes on after its last block');
    return block;
  }
}
