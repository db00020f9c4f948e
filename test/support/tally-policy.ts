import {
  assemble,
  body,
  END,
  exported,
  I32,
  i32,
  i64,
  list,
  policy,
  policyParts,
  u,
  type Code,
} from '../core/policy/assembler.ts';

const OUTPUT = 32_768;
const IF: Code = [0x04, 0x40];
const ADD = 0x6a;
const local = (index: number): Code => [0x20, index];
const store8 = (place: Code, value: Code): Code => [place, value, 0x3a, 0, 0];
const outputOf = (length: Code): Code => [i64(BigInt(OUTPUT) << 32n), length, 0x7c];

/** What it rejects by. */
export const TALLY_REASON = 7;

/** What the next version does with the state that it takes over. */
export type TallyMigration = 'none' | 'marks' | 'rejects';

/**
 * A policy that tells by one byte what becomes of a record: its last. 0 is rejected, 255 traps, and any other is put at the end of the
 * state, so that the state is all that was accepted, in order. Modules of different versions have different hashes.
 */
export function tallyOf(version: number, migration: TallyMigration = 'none'): Uint8Array {
  const parts = policyParts();
  const bump: Code = [0x23, 0, 0x23, 0, local(0), ADD, 0x24, 0];
  const bodies = [body([]), body(bump), body(applying(), [[u(1), I32]]), parts.bodies[3] as Code];
  const globals = [
    [I32, 1, i32(1_024), END],
    [I32, 0, i32(version), END],
  ];
  if (migration === 'none') return assemble(policy({ globals, bodies })).bytes;
  const migrate = migration === 'marks' ? marking() : rejecting();
  const exports = [...parts.exports, exported('migrate', 0, 4)];
  const functions = [...parts.functions, 3];
  return assemble(policy({ globals, functions, exports, bodies: [...bodies, body(migrate)], memories })).bytes;
}

const memories = list([[0x01, u(1), u(4)]]);

function applying(): Code {
  const last: Code = [local(2), local(3), ADD, i32(1), 0x6b, 0x2d, 0, 0, 0x21, 4];
  return [
    last,
    [local(4), i32(255), 0x46, IF, 0x00, END],
    [local(4), 0x45, IF, rejecting(), 0x0f, END],
    appending(local(4)),
  ];
}

/** The state that it got with one byte more. */
function appending(byte: Code): Code {
  return [
    store8(i32(OUTPUT), i32(0)),
    [i32(OUTPUT + 1), local(0), local(1), 0xfc, 0x0a, 0, 0],
    store8([i32(OUTPUT + 1), local(1), ADD], byte),
    outputOf([local(1), 0xad, i64(2), 0x7c]),
  ];
}

function marking(): Code {
  return appending(i32(99));
}

function rejecting(): Code {
  return [
    store8(i32(OUTPUT), i32(1)),
    store8(i32(OUTPUT + 1), i32(0)),
    store8(i32(OUTPUT + 2), i32(TALLY_REASON)),
    outputOf(i64(3)),
  ];
}
