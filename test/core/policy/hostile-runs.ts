import type { PolicyStop } from '../../../core/index.ts';
import {
  body,
  END,
  exported,
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

/** What a module does that the verifier takes, what stops it, and its bytes. */
export type HostileRun = readonly [what: string, cause: PolicyStop, code: Code];

const ACCEPT = i64(1);
const parts = policyParts();
const ENDLESS: Code = [0x03, 0x40, 0x0c, 0, END];
/** Function 3 calls itself, with what it was given. */
const ITSELF: Code = [0x20, 0, 0x20, 1, 0x10, 3];
const CALL = [i32(0), i64(0), 0x10, 3];

const fill = (bytes: number): Code => [i32(0), i32(0), i32(bytes), 0xfc, 0x0b, 0];
const copy = (bytes: number): Code => [i32(0), i32(0), i32(bytes), 0xfc, 0x0a, 0, 0];
const grow = (pages: number): Code => [i32(pages), 0x40, 0, 0x1a];
const loop = (code: Code): Code => [0x03, 0x40, code, 0x0c, 0, END, ACCEPT];
/** Bodies 0 to 3 are of the marker, `alloc`, `apply` and the function of their own. */
const bodies = (changed: Readonly<Record<number, Code>>): Code =>
  policy({ bodies: parts.bodies.map((part, i) => changed[i] ?? part) });
const calling = (code: Code): Code => bodies({ 2: body([CALL, ACCEPT]), 3: body(code) });

const endless: readonly HostileRun[] = [
  ['a loop', 'fuel', policyApplying(loop([]))],
  ['a loop in a loop', 'fuel', policyApplying([0x03, 0x40, 0x03, 0x40, 0x0c, 1, END, END, ACCEPT])],
  // What costs nothing is charged for nowhere, and the fuel is looked at all the same.
  ['a loop that begins with an empty block', 'fuel', policyApplying(loop([0x02, 0x40, END]))],
  ['a loop that begins with a loop that ends', 'fuel', policyApplying(loop([0x03, 0x40, END]))],
  [
    'a loop that ends in empty blocks',
    'fuel',
    policyApplying(loop([0x02, 0x40, 0x02, 0x40, END, END, 0x03, 0x40, END])),
  ],
  ['a loop that may end', 'fuel', policyApplying([0x03, 0x40, i32(1), 0x0d, 0, END, ACCEPT])],
  ['a loop by a table of branches', 'fuel', policyApplying([0x03, 0x40, i32(0), 0x0e, u(0), u(0), END, ACCEPT])],
  ['a loop that calls', 'fuel', policyApplying(loop(CALL))],
  ['a loop in a function that is called', 'fuel', calling(ENDLESS)],
  [
    'a loop that counts for 600 years',
    'fuel',
    policyApplying([0x03, 0x40, 0x23, 1, i64(1), 0x7c, 0x24, 1, 0x0c, 0, END, ACCEPT]),
  ],
  ['a loop of divisions', 'fuel', policyApplying(loop([i64(-1), i64(3), 0x80, 0x1a]))],
  ['a loop where room is asked for', 'fuel', bodies({ 1: body([ENDLESS, i32(1024)]) })],
  [
    'a loop where it is set up',
    'fuel',
    policy({
      bodies: [body(ENDLESS), ...parts.bodies.slice(1)],
      exports: [...parts.exports, exported('_initialize', 0, 0)],
    }),
  ],
];

const bulk: readonly HostileRun[] = [
  ['a loop that fills memory', 'fuel', policyApplying(loop(fill(65_536)))],
  ['a loop that copies memory', 'fuel', policyApplying(loop(copy(65_536)))],
  ['a loop that asks for memory', 'fuel', policyApplying(loop(grow(1)))],
  ['a loop that asks for no memory', 'fuel', policyApplying(loop(grow(0)))],
  ['a fill of four billion bytes', 'fuel', policyApplying([i32(0), i32(0), i32(-1), 0xfc, 0x0b, 0, loop([])])],
  ['a copy of four billion bytes', 'fuel', policyApplying([copy(-1), loop([])])],
  [
    'all the memory there is, again and again',
    'fuel',
    policyApplying(loop(grow(200)), { memories: list([[1, u(1), u(256)]]) }),
  ],
];

const deep: readonly HostileRun[] = [
  ['a function that calls itself', 'depth', calling(ITSELF)],
  [
    'two functions that call each other',
    'depth',
    policy({
      functions: [...parts.functions, 4],
      bodies: [...parts.bodies.slice(0, 2), body([CALL, ACCEPT]), body([CALL.slice(0, 2), 0x10, 4]), body(CALL)],
    }),
  ],
  ['a policy that calls itself', 'depth', policyApplying([[0, 1, 2, 3].map((i) => [0x20, i]), 0x10, 2])],
  ['room that is asked for while it is asked for', 'depth', bodies({ 1: body([0x20, 0, 0x10, 1]) })],
  [
    'a function that calls itself through the table',
    'depth',
    policy({
      types: [...parts.types, funcType([I32], [])],
      functions: [...parts.functions, 5],
      tables: list([[0x70, 1, u(1), u(1)]]),
      elements: list([[0, i32(0), END, list([u(4)])]]),
      bodies: [
        ...parts.bodies.slice(0, 2),
        body([i32(0), 0x10, 4, ACCEPT]),
        parts.bodies[3]!,
        body([0x20, 0, i32(0), 0x11, 5, 0]),
      ],
    }),
  ],
  ['frames as large as they may be', 'depth', bodies({ 2: body([CALL, ACCEPT]), 3: body(ITSELF, [[u(254), 0x7e]]) })],
];

export const hostileRuns: readonly HostileRun[] = [...endless, ...bulk, ...deep];
