import { expect, test } from 'vitest';
import type { PolicyBatch, PolicyExecutor, PolicyOutcome } from '../../../core/index.ts';
import { PacedExecutor, PolicyPace } from '../../../durable-objects/policy/paced-executor.ts';

const [LOOP, GOOD] = [Uint8Array.of(1), Uint8Array.of(2)];
const STOPPED: PolicyOutcome = { kind: 'stopped', cause: 'fuel' };
const batchOf = (count: number): PolicyBatch => ({
  state: new Uint8Array(),
  events: Array.from({ length: count }, (_, i) => Uint8Array.of(i)),
  fuel: 1,
});

/** Two policies on one thread, of which one is an endless loop; the other puts each event's byte at the end of its state. */
function machine() {
  const calls: string[] = [];
  let now = 1_000;
  const executor: PolicyExecutor = {
    decide: async (module, { state, events }) => {
      calls.push(`${module === LOOP ? 'loop' : 'good'} ${events.length} at ${now}`);
      let left = state;
      return events.map((event) => {
        if (module === LOOP && event[0] !== 9) return STOPPED;
        left = Uint8Array.of(...left, ...event);
        return { kind: 'accepted', state: left, fuelLeft: 0 };
      });
    },
    migrate: async () => STOPPED,
  };
  const pace = new PolicyPace();
  const delay = async (ms: number): Promise<void> => {
    now += ms;
  };
  const paced = () => new PacedExecutor(executor, { pace, clock: () => now, delay });
  return { calls, paced, wait: (ms: number) => (now += ms) };
}

test('[PX9] a policy that used up its fuel is asked about one record at a time, and not all the time', async () => {
  const { calls, paced, wait } = machine();
  const executor = paced();
  await executor.decide(LOOP, batchOf(2));
  await executor.decide(LOOP, { ...batchOf(2), events: [Uint8Array.of(9), Uint8Array.of(9)] });
  // Another object of the same isolate waits as well.
  const outcomes = await paced().decide(LOOP, { ...batchOf(1), events: [Uint8Array.of(9)] });
  expect(outcomes).toEqual([{ kind: 'accepted', state: Uint8Array.of(9), fuelLeft: 0 }]);
  expect(calls).toEqual(['loop 2 at 1000', 'loop 1 at 1000', 'loop 1 at 1050', 'loop 1 at 1100']);
  wait(61_000);
  await executor.decide(LOOP, batchOf(2));
  expect(calls.at(-1)).toBe('loop 2 at 62100');
});

test('[PX9] each record finds what the one before left all the same, and a guard what all of them find', async () => {
  const { paced } = machine();
  const executor = paced();
  await executor.migrate(LOOP, batchOf(0));
  const events = [Uint8Array.of(9), Uint8Array.of(1), Uint8Array.of(9)];
  const states = async (isReadOnly: boolean) =>
    (await executor.decide(LOOP, { ...batchOf(0), events, isReadOnly })).map((outcome) =>
      outcome.kind === 'accepted' ? [...outcome.state] : outcome.kind,
    );
  expect(await states(false)).toEqual([[9], 'stopped', [9, 9]]);
  expect(await states(true)).toEqual([[9], 'stopped', [9]]);
});

test('[PX9] others are asked at once, in one call', async () => {
  const { calls, paced } = machine();
  await paced().decide(LOOP, batchOf(1));
  await paced().decide(GOOD, batchOf(64));
  expect(calls).toEqual(['loop 1 at 1000', 'good 64 at 1000']);
});

test('[PX9] who would wait too long is not asked', () => {
  const pace = new PolicyPace();
  const waits = Array.from({ length: 50 }, () => pace.takeTurn(0));
  expect(waits.slice(0, 3)).toEqual([0, 50, 100]);
  expect(waits.filter((wait) => wait === undefined)).toHaveLength(9);
  expect(Math.max(...waits.map((wait) => wait ?? 0))).toBe(2_000);
});
