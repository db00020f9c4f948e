import { OP, OPERATIONS } from './operations.ts';

/**
 * What instructions cost (`FU3`): about their time in an engine, in units of the simplest. A change is a new version of the
 * meter, since every replica has to stop at the same instruction.
 */
const SIMPLE = 1;
/** Blocks have no code of their own. */
const STRUCTURE = 0;
const MEMORY_ACCESS = 2;
const MULTIPLICATION = 2;
const DIVISION = 10;
const BRANCH_TABLE = 3;
const CALL = 5;
const INDIRECT_CALL = 10;
const BULK = 20;

/** A function begins with its frame, and with zeros in its locals, of which so many are written at a time. */
const FRAME = 3;
const LOCALS_A_UNIT = 4;

/** A page that is added has to be found and filled with zeros. */
export const FUEL_A_PAGE = 8_192;
/** Bulk operations move 2^3 bytes for a unit. */
export const BULK_BYTES_LOG2 = 3;

const COSTS: Readonly<Record<number, number>> = {
  [OP.block]: STRUCTURE,
  [OP.loop]: STRUCTURE,
  [OP.else]: STRUCTURE,
  [OP.end]: STRUCTURE,
  [OP.brTable]: BRANCH_TABLE,
  [OP.call]: CALL,
  [OP.callIndirect]: INDIRECT_CALL,
  [OP.memoryGrow]: BULK,
  [OP.memoryInit]: BULK,
  [OP.memoryCopy]: BULK,
  [OP.memoryFill]: BULK,
  // i32.mul and i64.mul, and then the four divisions of each.
  0x6c: MULTIPLICATION,
  0x7e: MULTIPLICATION,
  ...Object.fromEntries([0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82].map((opcode) => [opcode, DIVISION])),
};

export function instructionCost(opcode: number): number {
  const cost = COSTS[opcode];
  if (cost !== undefined) return cost;
  return OPERATIONS[opcode]?.alignment === undefined ? SIMPLE : MEMORY_ACCESS;
}

export function frameCost(locals: number): number {
  return FRAME + Math.ceil(locals / LOCALS_A_UNIT);
}
