import { describe, expect, test } from 'vitest';
import { meterModule, runPolicy, sha256, toHex, type PolicyOutcome } from '../../../core/index.ts';
import {
  assemble,
  body,
  END,
  funcType,
  i32,
  I32,
  i64,
  list,
  policy,
  policyApplying,
  policyParts,
  u,
  type Code,
} from './assembler.ts';
import { compileBare, compileMetered, inputsOf, ROUND_FUEL } from './policy-rounds.ts';
import { randomModule } from './random-modules.ts';
import { verified } from './verified.ts';

const MODULES = 100;
const FUEL = 1_000_000;
const NOTHING = new Uint8Array();
/** `apply` gives the byte 0 at place 0: accepted, with an empty state. */
const ACCEPT = i64(1);

function run(code: Code, fuel = FUEL): PolicyOutcome {
  return runPolicy(compileMetered(assemble(code).bytes), { state: NOTHING, event: NOTHING, fuel });
}

/** What the code of `apply` costs more than none. */
function costOf(code: Code, locals: readonly Code[] = []): number {
  const [with_, without] = [run(policyApplying([code, ACCEPT], {}, locals)), run(policyApplying(ACCEPT))];
  if (with_.kind !== 'accepted' || without.kind !== 'accepted') throw new Error('a policy came to no verdict');
  return without.fuelLeft - with_.fuelLeft;
}

const modules = Array.from({ length: MODULES }, (_, seed) => randomModule(seed));

test('[FU1] a module is metered to the same bytes, which an engine takes, and other bytes are another version', () => {
  const hashes = modules.map((bytes) => {
    expect(WebAssembly.validate(bytes)).toBe(true);
    const metered = meterModule(verified(bytes));
    expect(WebAssembly.validate(metered)).toBe(true);
    expect(Buffer.compare(metered, meterModule(verified(bytes.slice())))).toBe(0);
    return sha256(metered);
  });
  // With another hash, replicas that meter differently would part: METER_VERSION has to rise.
  expect(toHex(sha256(Buffer.concat(hashes)))).toBe('e0ad85b31c2f2b163a84396e4ef977af934256fcf5badad11cce9c6cf14a7145');
});

test('[FU1, PX1] a metered module does what it did before, as long as it has fuel', () => {
  const kinds = new Set<string>();
  for (const [seed, bytes] of modules.entries()) {
    const call = { ...inputsOf(seed), fuel: ROUND_FUEL };
    const metered = runPolicy(compileMetered(bytes), call);
    kinds.add(metered.kind === 'stopped' ? metered.cause : metered.kind);
    const bare = runPolicy(compileBare(bytes), call);
    expect({ ...metered, fuelLeft: 0 }, String(seed)).toEqual({ ...bare, fuelLeft: 0 });
  }
  expect([...kinds].sort()).toEqual(['accepted', 'trap']);
});

test('[FU2] the counters stand behind the globals of the module, under names that it can not have', () => {
  const module = new WebAssembly.Module(meterModule(verified(assemble(policyApplying(ACCEPT)).bytes)));
  const { exports } = new WebAssembly.Instance(module);
  expect(Object.keys(exports)).toEqual([
    ...['memory', 'policy_abi_v1', 'alloc', 'apply'],
    ...['terachat_fuel', 'terachat_depth'],
  ]);
  const section = Buffer.from(meterModule(verified(assemble(policyApplying(ACCEPT)).bytes)));
  // Of 4 globals the module has the first two: a constant 7 and a variable -1.
  expect(
    section.includes(Buffer.from([4, 0x7f, 0, 0x41, 7, 0x0b, 0x7e, 1, 0x42, 0x7f, 0x0b, 0x7e, 1, 0x42, 0, 0x0b])),
  ).toBe(true);
});

test('[FU3] each instruction costs what the table says, and only where it runs', () => {
  expect(costOf([i32(1), 0x1a])).toBe(2);
  expect(costOf([i32(1), i32(2), 0x6a, 0x1a])).toBe(4);
  expect(costOf([i32(1), i32(2), 0x6c, 0x1a])).toBe(5);
  expect(costOf([i64(1), i64(2), 0x80, 0x1a])).toBe(13);
  expect(costOf([i32(0), 0x28, 0, 0, 0x1a])).toBe(4);
  expect(costOf([0x02, 0x40, 0x03, 0x40, END, END])).toBe(0);
  // 9 locals are three units of four.
  expect(costOf([], [[u(9), I32]])).toBe(3);
  // A call, the frame of the callee, and its two operands; function 3 is empty.
  expect(costOf([i32(0), i64(0), 0x10, 3])).toBe(2 + 5 + 3);
  const choose = (condition: number): Code => [
    i32(condition),
    0x04,
    0x40,
    i32(1),
    0x1a,
    0x05,
    i32(1),
    0x45,
    0x45,
    0x1a,
    END,
  ];
  expect([costOf(choose(1)), costOf(choose(0))]).toEqual([2 + 2, 2 + 4]);
  // What follows a branch is not paid where the branch is taken.
  expect(costOf([0x02, 0x40, i32(1), 0x0d, 0, 0x01, 0x01, END])).toBe(2);
  expect(costOf([0x02, 0x40, i32(0), 0x0d, 0, 0x01, 0x01, END])).toBe(4);
  const turns = (count: number): Code => [
    i32(count),
    0x21,
    4,
    0x03,
    0x40,
    0x20,
    4,
    i32(1),
    0x6b,
    0x22,
    4,
    0x0d,
    0,
    END,
  ];
  const local: Code[] = [[u(1), I32]];
  expect(costOf(turns(1_000), local) - costOf(turns(1), local)).toBe(999 * 5);
});

test('[FU4] a policy that returns with less than nothing left is stopped too', () => {
  const enough = FUEL - (run(policyApplying(ACCEPT)) as { fuelLeft: number }).fuelLeft;
  expect(run(policyApplying(ACCEPT), enough)).toEqual({ kind: 'accepted', state: NOTHING, fuelLeft: 0 });
  expect(run(policyApplying(ACCEPT), enough - 1)).toEqual({ kind: 'stopped', cause: 'fuel' });
  // Behind the last check, where only what is left tells.
  const late = policyApplying([i32(1), 0x04, 0x40, Array.from({ length: 100 }, () => 0x01), END, ACCEPT]);
  const cost = FUEL - (run(late) as { fuelLeft: number }).fuelLeft;
  expect(run(late, cost - 1)).toEqual({ kind: 'stopped', cause: 'fuel' });
  expect(run(late, cost)).toMatchObject({ kind: 'accepted', fuelLeft: 0 });
});

describe('[FU5] calls end at a depth of 128, and as many as that are fine', () => {
  const parts = policyParts();
  /** Function 4 calls itself as often as its operand says; `apply` begins it. */
  const recursion = (call: Code, depth: number): Code => {
    const self = body([0x20, 0, 0x04, 0x40, 0x20, 0, i32(1), 0x6b, call, END]);
    const start = body([i32(depth), 0x10, 4, ACCEPT]);
    return policy({
      types: [...parts.types, funcType([I32], [])],
      functions: [...parts.functions, 5],
      tables: list([[0x70, 1, u(1), u(1)]]),
      elements: list([[0, i32(0), END, list([u(4)])]]),
      bodies: [...parts.bodies.slice(0, 2), start, ...parts.bodies.slice(3), self],
    });
  };
  const calls = { direct: [0x10, 4], 'through the table': [i32(0), 0x11, 5, 0] };
  test.each(Object.entries(calls))('%s', (_what, call) => {
    expect(run(recursion(call, 127))).toEqual({ kind: 'stopped', cause: 'depth' });
    expect(run(recursion(call, 126))).toMatchObject({ kind: 'accepted' });
  });

  const ways: Readonly<Record<string, Code>> = {
    return: [0x0f],
    'a return out of blocks': [0x02, 0x40, 0x03, 0x40, 0x0f, END, END],
    'a branch': [0x0c, 0],
    'a branch that may be': [i32(1), 0x0d, 0],
    'a branch out of a block': [0x02, 0x40, 0x0c, 1, END],
    'a table of branches': [i32(0), 0x0e, u(0), u(0)],
    'its end': [],
  };
  test.each(Object.entries(ways))('a function that is left by %s is over', (_what, way) => {
    const often = Array.from({ length: 200 }, () => [i32(0), i64(0), 0x10, 3]);
    const bodies = [...parts.bodies.slice(0, 2), body([often, ACCEPT]), body(way)];
    expect(run(policy({ bodies }))).toMatchObject({ kind: 'accepted' });
  });
});

test('[FU6] bulk operations and memory cost by their length', () => {
  const fill = (length: number): Code => [i32(0), i32(0), i32(length), 0xfc, 0x0b, 0];
  expect(costOf(fill(0))).toBe(3 + 20);
  expect(costOf(fill(8_000)) - costOf(fill(0))).toBe(1_000);
  const copy = (length: number): Code => [i32(0), i32(0), i32(length), 0xfc, 0x0a, 0, 0];
  expect(costOf(copy(65_536)) - costOf(copy(0))).toBe(8_192);
  const grow = (pages: number): Code => [i32(pages), 0x40, 0, 0x1a];
  expect(costOf(grow(3)) - costOf(grow(0))).toBe(3 * 8_192);
  // Above the maximum it fails everywhere, and costs no more than asking.
  expect(costOf(grow(4))).toBe(costOf(grow(0)));
  expect(costOf(grow(-1))).toBe(costOf(grow(0)));
  // What can't be paid is not done: a fill past the memory would be a trap.
  expect(run(policyApplying([fill(-1), ACCEPT]))).toEqual({ kind: 'stopped', cause: 'fuel' });
  // The helper gives what memory.grow would: the pages before, or -1.
  const store = (value: Code): Code => [i32(0), value, 0x36, 0, 1, i64(5)];
  const stateOf = (value: Code): unknown => (run(policyApplying(store(value))) as { state?: Uint8Array }).state;
  expect(stateOf([i32(2), 0x40, 0])).toEqual(Uint8Array.of(1, 0, 0, 0));
  expect(stateOf([i32(4), 0x40, 0])).toEqual(Uint8Array.of(255, 255, 255, 255));
});

test('[FU6] asking for no memory asks the engine for nothing, which would have it make its view of the memory anew', () => {
  const instance = compileMetered(assemble(policyApplying([i32(0), 0x40, 0, 0x1a, ACCEPT])).bytes)();
  const { buffer } = instance.memory;
  expect(runPolicy(() => instance, { state: NOTHING, event: NOTHING, fuel: FUEL })).toMatchObject({ kind: 'accepted' });
  expect(instance.memory.buffer).toBe(buffer);
});
