import {
  assemble,
  body,
  END,
  exported,
  funcType,
  HEADER,
  i32,
  I32,
  i64,
  I64,
  list,
  section,
  text,
  u,
  type Code,
} from './assembler.ts';

/** xorshift32: the same modules for the same seed, in every engine. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  }

  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (this.#state = x >>> 0);
  }

  below(limit: number): number {
    return this.next() % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

type Type = typeof I32 | typeof I64;

/** Locals of a generated function: its two parameters, two more, and counters of loops that nothing else writes. */
const LOCALS: readonly Type[] = [I32, I64, I32, I64];
const COUNTERS = [4, 5, 6];
const HELPERS = 4;
/** Of the module's function index: alloc, apply and the marker come first. */
const FIRST_HELPER = 3;
const OUTPUT = 32_768;
const DATA_MASK = 0x3fff;

const BINARY: Readonly<Record<Type, readonly number[]>> = {
  [I32]: [0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78],
  [I64]: [0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a],
};
const UNARY: Readonly<Record<Type, readonly number[]>> = {
  [I32]: [0x45, 0x67, 0x68, 0x69, 0xc0, 0xc1],
  [I64]: [0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4],
};
/** Opcode and natural alignment. */
const LOADS: Readonly<Record<Type, readonly (readonly [number, number])[]>> = {
  [I32]: [
    [0x28, 2],
    [0x2c, 0],
    [0x2d, 0],
    [0x2e, 1],
    [0x2f, 1],
  ],
  [I64]: [
    [0x29, 3],
    [0x30, 0],
    [0x31, 0],
    [0x32, 1],
    [0x33, 1],
    [0x34, 2],
    [0x35, 2],
  ],
};
const STORES: Readonly<Record<Type, readonly (readonly [number, number])[]>> = {
  [I32]: [
    [0x36, 2],
    [0x3a, 0],
    [0x3b, 1],
  ],
  [I64]: [
    [0x37, 3],
    [0x3c, 0],
    [0x3d, 1],
    [0x3e, 2],
  ],
};

/** Writes the code of one function; functions call only those behind them, and loops count, so that all of it ends. */
class Author {
  readonly #dice: Dice;
  readonly #self: number;
  readonly #freeCounters = [...COUNTERS];
  /** Inside of loops calls would multiply. */
  #loops = 0;

  constructor(dice: Dice, self: number) {
    this.#dice = dice;
    this.#self = self;
  }

  statements(count: number, depth: number): Code {
    return Array.from({ length: count }, () => this.#statement(depth));
  }

  expression(type: Type, depth: number): Code {
    const dice = this.#dice;
    if (depth === 0) return dice.below(2) === 0 ? this.#constant(type) : [0x20, this.#localOf(type)];
    const next = (of: Type): Code => this.expression(of, depth - 1);
    switch (dice.below(12)) {
      case 0:
        return [next(type), dice.pick(UNARY[type])];
      case 1:
        return [this.#address(depth), this.#access(dice.pick(LOADS[type]))];
      case 2:
        return type === I32 ? [next(I64), 0xa7] : [next(I32), dice.pick([0xac, 0xad])];
      case 3:
        return [next(I32), 0x04, type, next(type), 0x05, next(type), END];
      case 4:
        return [next(type), next(type), next(I32), 0x1b];
      case 5:
        return [0x23, type === I32 ? 0 : 1];
      case 6:
        return [0x02, type, next(type), next(I32), 0x0d, 0, 0x1a, next(type), END];
      case 7:
        return type === I32
          ? [next(I32), next(I32), dice.pick([0x46, 0x48, 0x4a, 0x4f])]
          : [next(I64), next(I64), 0x7c];
      case 8:
        return this.#call(type, depth);
      case 9:
        return type === I32
          ? dice.pick<Code>([
              [0x3f, 0],
              [next(I32), i32(1), 0x71, 0x40, 0],
            ])
          : next(type);
      default:
        return this.#binary(type, depth);
    }
  }

  /** A divisor is mostly odd, so that not every module traps. */
  #binary(type: Type, depth: number): Code {
    const left = this.expression(type, depth - 1);
    const right = this.expression(type, depth - 1);
    const odd = this.#dice.below(30) === 0 ? [] : type === I32 ? [i32(1), 0x72] : [i64(1), 0x84];
    return [left, right, odd, this.#dice.pick(BINARY[type])];
  }

  #call(type: Type, depth: number): Code {
    const callee = this.#self + 1 + this.#dice.below(2);
    if (this.#loops > 1 || callee >= FIRST_HELPER + HELPERS) return this.expression(type, depth - 1);
    const operands = [this.expression(I32, depth - 1), this.expression(I64, depth - 1)];
    const convert = type === I32 ? 0xa7 : [];
    // The table has the helpers in order.
    if (this.#dice.below(3) === 0) return [operands, i32(callee - FIRST_HELPER), 0x11, u(2), u(0), convert];
    return [operands, 0x10, u(callee), convert];
  }

  #statement(depth: number): Code {
    const dice = this.#dice;
    const next = (): Code => this.statements(1 + dice.below(2), depth - 1);
    if (depth === 0) return this.#assignment(1);
    switch (dice.below(10)) {
      case 0:
        return [this.expression(I32, 2), 0x04, 0x40, next(), 0x05, next(), END];
      case 1:
        return [this.expression(I32, 2), 0x04, 0x40, next(), END];
      case 2:
      case 3:
        return this.#loop(next);
      case 4:
        return [0x02, 0x40, next(), this.expression(I32, 2), 0x0d, 0, next(), END];
      case 5:
        return this.#branchTable(next);
      case 6:
        return this.#bulk();
      case 7:
        return dice.below(6) === 0 ? [this.expression(I32, 1), 0x04, 0x40, this.expression(I64, 1), 0x0f, END] : next();
      default:
        return this.#assignment(3);
    }
  }

  #assignment(depth: number): Code {
    const type = this.#dice.pick<Type>([I32, I64]);
    switch (this.#dice.below(4)) {
      case 0:
        return [this.expression(type, depth), 0x24, type === I32 ? 0 : 1];
      case 1:
        return [this.#address(depth), this.expression(type, depth), this.#access(this.#dice.pick(STORES[type]))];
      default:
        return [this.expression(type, depth), 0x21, this.#localOf(type)];
    }
  }

  #loop(makeBody: () => Code): Code {
    const counter = this.#freeCounters.pop();
    if (counter === undefined) return makeBody();
    this.#loops += 1;
    const turns = 1 + this.#dice.below(12);
    const code = [
      i32(turns),
      0x21,
      counter,
      0x03,
      0x40,
      makeBody(),
      0x20,
      counter,
      i32(1),
      0x6b,
      0x22,
      counter,
      0x0d,
      0,
      END,
    ];
    this.#loops -= 1;
    this.#freeCounters.push(counter);
    return code;
  }

  #branchTable(next: () => Code): Code {
    const choice = [this.expression(I32, 2), i32(3), 0x71];
    return [0x02, 0x40, 0x02, 0x40, 0x02, 0x40, choice, 0x0e, u(2), u(0), u(1), u(2), END, next(), END, next(), END];
  }

  #bulk(): Code {
    const operands = [this.#address(1), this.#address(1), this.expression(I32, 1), i32(0x3ff), 0x71];
    return this.#dice.below(2) === 0 ? [operands, 0xfc, 0x0b, 0] : [operands, 0xfc, 0x0a, 0, 0];
  }

  /** Mostly inside of what every module has. */
  #address(depth: number): Code {
    const address = this.expression(I32, Math.min(depth - 1, 1));
    return this.#dice.below(60) === 0 ? address : [address, i32(DATA_MASK), 0x71];
  }

  #access([opcode, alignment]: readonly [number, number]): Code {
    return [opcode, u(this.#dice.below(alignment + 1)), u(this.#dice.below(100))];
  }

  #constant(type: Type): Code {
    const value = this.#dice.pick([0, 1, -1, 7, 255, 65_536, 0x7fffffff, -0x80000000, this.#dice.next() | 0]);
    return type === I32 ? i32(value) : i64(BigInt(value) * BigInt(this.#dice.below(1 << 20)));
  }

  #localOf(type: Type): number {
    return this.#dice.pick(LOCALS.flatMap((local, index) => (local === type ? [index] : [])));
  }
}

const LOCAL_GROUPS = [
  [u(1), I32],
  [u(1), I64],
  [u(COUNTERS.length), I32],
];

/** A helper (i32, i64) -> i64. */
function helper(dice: Dice, self: number): Code {
  const author = new Author(dice, self);
  return body([author.statements(3, 3), author.expression(I64, 3)], LOCAL_GROUPS);
}

/** `apply` hands both inputs to the first helper, and gives the globals, what came back and some memory as the state. */
function applyBody(): Code {
  const at = (offset: number): Code => u(offset);
  return body([
    i32(OUTPUT),
    i64(0),
    0x37,
    3,
    at(0),
    i32(OUTPUT),
    [0x20, 0, 0x2d, 0, 0, 0x20, 2, 0x28, 0, 0, 0x6a],
    [0x20, 2, 0x29, 0, 0],
    0x10,
    u(FIRST_HELPER),
    0x37,
    0,
    at(1),
    i32(OUTPUT),
    0x23,
    0,
    0x36,
    0,
    at(9),
    i32(OUTPUT),
    0x23,
    1,
    0x37,
    0,
    at(13),
    i32(OUTPUT + 21),
    i32(0),
    i32(200),
    0xfc,
    0x0a,
    0,
    0,
    i64((BigInt(OUTPUT) << 32n) | 221n),
  ]);
}

/** A policy that calculates something; it ends, or traps. */
export function randomModule(seed: number): Uint8Array {
  const dice = new Dice(seed);
  const helpers = Array.from({ length: HELPERS }, (_, i) => helper(dice, FIRST_HELPER + i));
  const indexes = helpers.map((_, i) => u(FIRST_HELPER + i));
  return assemble(
    HEADER,
    section(
      1,
      list([
        funcType([], []),
        funcType([I32, I32, I32, I32], [I64]),
        funcType([I32, I64], [I64]),
        funcType([I32], [I32]),
      ]),
    ),
    section(3, list([u(0), u(3), u(1), ...helpers.map(() => u(2))])),
    section(4, list([[0x70, 1, u(HELPERS), u(HELPERS)]])),
    section(5, list([[1, u(1), u(3)]])),
    section(
      6,
      list([
        [I32, 1, i32(dice.next() | 0), END],
        [I64, 1, i64(dice.next()), END],
      ]),
    ),
    section(
      7,
      list([
        exported('memory', 2, 0),
        exported('policy_abi_v1', 0, 0),
        exported('alloc', 0, 1),
        exported('apply', 0, 2),
      ]),
    ),
    section(9, list([[0, i32(0), END, list(indexes)]])),
    section(10, list([body([]), body([0x23, 0, i32(0), 0x6c, i32(1_024), 0x6a]), applyBody(), ...helpers])),
    section(11, list([[0, i32(64), END, text('some data of its own')]])),
  ).bytes;
}
