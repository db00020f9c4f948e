import { describe, expect, test } from 'vitest';
import {
  MAX_POLICY_EVENT_BYTES,
  MAX_POLICY_STATE_BYTES,
  migratePolicy,
  runPolicy,
  type PolicyInstance,
  type PolicyOutcome,
} from '../../../core/index.ts';
import {
  assemble,
  body,
  END,
  exported,
  i32,
  I32,
  i64,
  list,
  policyApplying,
  policyParts,
  u,
  type Code,
} from './assembler.ts';
import { compileMetered } from './policy-rounds.ts';

const FUEL = 1_000_000;
const call = { state: Uint8Array.of(1, 2, 3), event: Uint8Array.of(9), fuel: FUEL };

function run(code: Code): PolicyOutcome {
  return runPolicy(compileMetered(assemble(code).bytes), call);
}

const output = (place: number, length: number): Code =>
  i64(BigInt.asIntN(64, (BigInt(place >>> 0) << 32n) | BigInt(length >>> 0)));
const store8 = (place: number, value: number): Code => [i32(place), i32(value), 0x3a, 0, 0];

test('[PX1] each call gets an instance of its own', () => {
  // It counts in its memory and in a global, and gives both.
  const count: Code = [i32(1), i32(1), 0x2d, 0, 0, i32(1), 0x6a, 0x3a, 0, 0];
  const global: Code = [0x23, 1, i64(1), 0x7c, 0x24, 1, i32(2), 0x23, 1, 0xa7, 0x3a, 0, 0];
  const instantiate = compileMetered(assemble(policyApplying([count, global, output(0, 3)])).bytes);
  for (let i = 0; i < 3; i++) {
    expect(runPolicy(instantiate, call)).toMatchObject({ kind: 'accepted', state: Uint8Array.of(1, 0) });
  }
});

test('[PX2] the policy gets the state and the event where it said', () => {
  // The state is at 1024 by `alloc`, and so is the event, which comes later: it gives what is there.
  const code = [i32(1), 0x20, 0, 0x2f, 0, 0, 0x3b, 0, 0, store8(0, 0), output(0, 3)];
  expect(run(policyApplying(code))).toMatchObject({ kind: 'accepted', state: Uint8Array.of(9, 2) });
  const lengths = [i32(1), 0x20, 1, 0x3a, 0, 0, i32(2), 0x20, 3, 0x3a, 0, 0, output(0, 3)];
  expect(run(policyApplying(lengths))).toMatchObject({ kind: 'accepted', state: Uint8Array.of(3, 1) });
});

test('[PX3] what it gives is a verdict: a new state, or a code', () => {
  expect(run(policyApplying([output(0, 1)]))).toMatchObject({ kind: 'accepted', state: new Uint8Array() });
  const reject = [store8(0, 1), store8(1, 0x12), store8(2, 0x34), output(0, 3)];
  expect(run(policyApplying(reject))).toMatchObject({ kind: 'rejected', reason: 0x1234 });
});

describe('[PX4] what is no verdict stops it', () => {
  const parts = policyParts();
  const allocating = (place: number): Code =>
    policyApplying([], { bodies: [body([]), body(i32(place)), ...parts.bodies.slice(2)] });
  const outputs: Readonly<Record<string, Code>> = {
    nothing: policyApplying([output(0, 0)]),
    'an unknown verdict': policyApplying([store8(0, 2), output(0, 1)]),
    'a rejection without a code': policyApplying([store8(0, 1), output(0, 1)]),
    'a rejection with more than a code': policyApplying([store8(0, 1), output(0, 4)]),
    'a place outside of its memory': policyApplying([output(65_536, 1)]),
    'a place near the end of all numbers': policyApplying([output(-1, 1)]),
    'more than its memory': policyApplying([output(0, 65_537)]),
    'four billion bytes': policyApplying([output(0, -1)]),
    'a longer state than may be': policyApplying([output(0, MAX_POLICY_STATE_BYTES + 2)], {
      memories: list([[1, u(4), u(4)]]),
    }),
    'no room for the state': allocating(65_534),
    'room at a negative place': allocating(-4),
  };
  test.each(Object.entries(outputs))('%s', (_what, code) => {
    expect(run(code)).toEqual({ kind: 'stopped', cause: 'output' });
  });

  test('the longest state is a state', () => {
    const code = policyApplying([output(0, MAX_POLICY_STATE_BYTES + 1)], { memories: list([[1, u(4), u(4)]]) });
    expect(run(code)).toMatchObject({ kind: 'accepted', state: { length: MAX_POLICY_STATE_BYTES } });
  });
});

describe('[PX5] every trap is one refusal, in the words of no engine', () => {
  const traps: Readonly<Record<string, Code>> = {
    unreachable: [0x00],
    'division by zero': [i64(1), i64(0), 0x7f],
    'division out of range': [i64(-(2n ** 63n)), i64(-1), 0x7f],
    'a load outside of the memory': [i32(65_533), 0x28, 0, 0, 0x1a, i64(0)],
    'a load far outside': [i32(-1), 0x29, 0, u(0xffff_ffff)],
    'a fill outside': [i32(65_535), i32(0), i32(2), 0xfc, 0x0b, 0, i64(0)],
    'a call of an empty place in the table': [i32(1), 0x11, 0, 0, i64(0)],
    'a call of a place that the table does not have': [i32(9), 0x11, 0, 0, i64(0)],
    'a call of another type': [i32(0), 0x11, 0, 0, i64(0)],
  };
  const table = { tables: list([[0x70, 1, u(2), u(2)]]), elements: list([[0, i32(0), END, list([u(1)])]]) };
  test.each(Object.entries(traps))('%s', (_what, code) => {
    expect(run(policyApplying(code, table))).toEqual({ kind: 'stopped', cause: 'trap' });
  });

  test('a host that fails has decided nothing', () => {
    const instance = compileMetered(assemble(policyApplying([output(0, 1)])).bytes)();
    const failing = (fault: Error): PolicyInstance => ({
      ...instance,
      apply: () => {
        throw fault;
      },
    });
    for (const fault of [new RangeError('Maximum call stack size exceeded'), new Error('gone')]) {
      expect(() => runPolicy(() => failing(fault), call)).toThrow('could not run');
    }
    // A host without memory, as the meter tells it.
    const trap = Object.assign(new Error('unreachable'), { name: 'RuntimeError' });
    const exhausted = { ...failing(trap), terachat_depth: { value: -1 } };
    expect(() => runPolicy(() => exhausted, call)).toThrow('could not run');
    expect(runPolicy(() => failing(trap), call)).toEqual({ kind: 'stopped', cause: 'trap' });
  });
});

test('[PX6] a new version may take over the state, and without `migrate` it stays as it is', () => {
  const plain = compileMetered(assemble(policyApplying([output(0, 1)])).bytes);
  expect(migratePolicy(plain, call)).toEqual({ kind: 'accepted', state: call.state, fuelLeft: FUEL });
  const parts = policyParts();
  const migrating = (code: Code): Code =>
    policyApplying([], {
      functions: [...parts.functions, 3],
      bodies: [...parts.bodies, body(code, [[u(1), I32]])],
      exports: [...parts.exports, exported('migrate', 0, 4)],
    });
  const migrate = (code: Code): PolicyOutcome => migratePolicy(compileMetered(assemble(migrating(code)).bytes), call);
  const shift = [i32(1), 0x20, 0, 0x20, 1, 0xfc, 0x0a, 0, 0, output(0, 3)];
  expect(migrate(shift)).toMatchObject({ kind: 'accepted', state: Uint8Array.of(1, 2) });
  expect(migrate([0x03, 0x40, 0x0c, 0, END, i64(0)])).toEqual({ kind: 'stopped', cause: 'fuel' });
});

test('[PX2] more than a policy may be given is a mistake of the caller', () => {
  const instantiate = compileMetered(assemble(policyApplying([output(0, 1)])).bytes);
  const long = (bytes: number): Uint8Array => new Uint8Array(bytes + 1);
  expect(() => runPolicy(instantiate, { ...call, state: long(MAX_POLICY_STATE_BYTES) })).toThrow('too long');
  expect(() => runPolicy(instantiate, { ...call, event: long(MAX_POLICY_EVENT_BYTES) })).toThrow('too long');
});
