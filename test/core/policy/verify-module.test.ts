import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyModuleStatically } from '../../../core/index.ts';
import { applyEdits, edits } from '../../fuzz/mutations.ts';
import {
  assemble,
  body,
  END,
  exported,
  HEADER,
  i32,
  I32,
  i64,
  I64,
  list,
  policy,
  policyParts,
  policyWith,
  section,
  text,
  u,
} from './assembler.ts';
import { randomModule } from './random-modules.ts';

test('[PM1, PM3] a module with the exports of a policy is taken', () => {
  expect(verifyModuleStatically(assemble(policy({})).bytes)).toMatchObject({ ok: true });
  const parts = policyParts();
  const whole = policy({
    functions: [...parts.functions, 3],
    bodies: [...parts.bodies, body(i64(0))],
    exports: [...parts.exports, exported('_initialize', 0, 0), exported('migrate', 0, 4)],
  });
  expect(verifyModuleStatically(assemble(whole).bytes)).toMatchObject({ ok: true });
});

test('[PM2] a module is refused wherever it is cut off', () => {
  const { bytes } = assemble(policy({}));
  for (let length = 0; length < bytes.length; length++) {
    expect(verifyModuleStatically(bytes.subarray(0, length)), String(length)).toMatchObject({ ok: false });
  }
});

test('[PM6, PM7, PM8] what a compiler may write is taken', () => {
  const taken = {
    'integers with room for a linker': [
      0x41, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1a, 0x41, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x1a,
    ],
    'the least i64': [i64(-(2n ** 63n)), 0x1a],
    'operands of every type in code that is never reached': [0x00, 0x6a, 0x1a, 0x1b, 0x1a, 0x7c, 0x21, 1],
    'a table of branches to unlike types in code that is never reached': [
      0x02,
      I64,
      0x02,
      I32,
      0x00,
      0x0e,
      u(1),
      u(0),
      u(1),
      END,
      0x1a,
      i64(0),
      END,
      0x1a,
    ],
    'a loop that is branched to': [0x03, 0x40, 0x20, 0, 0x0d, 0, END],
    'an if that gives': [0x20, 0, 0x04, I64, i64(1), 0x05, 0x0c, 1, END, 0x1a],
    'as many blocks as may be': [
      Array.from({ length: 128 }, () => [0x02, 0x40]),
      Array.from({ length: 128 }, () => END),
    ],
    'as many operands as may be': [Array.from({ length: 256 }, () => i32(0)), Array.from({ length: 256 }, () => 0x1a)],
    'bulk memory': [i32(0), i32(0), i32(9), 0xfc, 0x0a, 0, 0, i32(0), i32(0), i32(9), 0xfc, 0x0b, 0],
    'narrow loads and stores': [i32(0), i32(0), 0x30, 0, 0, 0x3e, 2, 4],
  };
  for (const [what, code] of Object.entries(taken)) {
    const { bytes } = assemble(
      policyWith(code, [
        [u(2), I32],
        [u(1), I64],
      ]),
    );
    expect(verifyModuleStatically(bytes), what).toMatchObject({ ok: true });
    expect(WebAssembly.validate(bytes), what).toBe(true);
  }
});

test('[PM2, PM5, PM9] custom sections, no imports, tables and segments are taken', () => {
  const code = [i32(0), i32(0), i32(1), 0xfc, 0x08, 0, 0, 0xfc, 0x09, 0, i32(1), 0x11, 0, 0];
  const base = policy({
    ...policyParts(code),
    tables: list([[0x70, 0x01, u(2), u(2)]]),
    elements: list([[0, i32(1), END, list([u(0)])]]),
    dataCount: u(2),
    data: list([
      [1, text('x')],
      [0, i32(65_535), END, text('x')],
    ]),
  });
  const { bytes } = assemble(base, section(0, [text('name'), 1, 2, 3]));
  expect(verifyModuleStatically(bytes)).toMatchObject({ ok: true });
  expect(WebAssembly.validate(bytes)).toBe(true);
  const withoutImports = assemble(HEADER, section(0, text('producers')), section(1, list([])), section(2, list([])));
  expect(verifyModuleStatically(withoutImports.bytes)).toMatchObject({ error: { rule: 'memory-missing' } });
});

test('[PM1] what is taken after any change, an engine takes too', () => {
  const code = [
    0x20,
    0,
    0x04,
    I64,
    0x20,
    1,
    0x05,
    i64(5),
    0x20,
    1,
    0x7c,
    END,
    0x22,
    1,
    0xa7,
    0x45,
    0x0d,
    0,
    0x03,
    0x40,
    i32(0),
    0x0d,
    0,
    END,
  ];
  const { bytes } = assemble(policyWith(code, [[u(3), I32]]));
  expect(verifyModuleStatically(bytes)).toMatchObject({ ok: true });
  const rounds = { taken: 0 };
  const check = (mutant: Uint8Array): void => {
    const taken = verifyModuleStatically(mutant).ok;
    rounds.taken += Number(taken);
    if (taken && !WebAssembly.validate(Uint8Array.from(mutant))) expect.fail(Buffer.from(mutant).toString('hex'));
  };
  const samples = [bytes, ...[1, 2, 3, 4].map(randomModule)];
  fc.assert(
    fc.property(fc.constantFrom(...samples), edits, (sample, changes) => check(applyEdits(sample, changes, samples))),
    { numRuns: 500 },
  );
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) check(Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ (1 << bit) : byte)));
  }
  // A flipped bit often leaves a sound module: of a constant, of the index of a local.
  expect(rounds.taken).toBeGreaterThan(50);
});
