import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_POLICY_FUEL, encodePolicyRecord, toBase64 } from '../../core/index.ts';
import { END, assemble, i64, policyApplying } from '../core/policy/assembler.ts';
import { answerHere, questionOf, randomRound, startIsolates, type Round } from './isolates.ts';
import { keyOf, readSample, u64 } from './sample.ts';

let isolates: Awaited<ReturnType<typeof startIsolates>>;

beforeAll(async () => {
  isolates = await startIsolates();
}, 300_000);

afterAll(() => isolates.stop());

const record = (actor: number, ...body: number[]): Uint8Array =>
  encodePolicyRecord({ actor: keyOf(actor), type: 0x8000, body: Uint8Array.from(body) }, 1_000);

test('[PX1, PX8] random modules give the same verdicts, states and fuel in isolates of workerd and in Node', async () => {
  const rounds = Array.from({ length: 40 }, (_, seed) => randomRound(seed));
  const answers = await isolates.ask(rounds.map(questionOf));
  expect(answers).toEqual(rounds.map(answerHere));
}, 300_000);

test('[PX1, PX8] the samples do too, over records of which each finds the state that the one before left', async () => {
  const transfer = (number: number, to: number, amount: number): number[] => [
    1,
    ...u64(number),
    ...keyOf(to),
    ...u64(amount),
  ];
  const events: Record<string, Uint8Array[]> = {
    ledger: [
      record(1, 0),
      record(1, ...transfer(1, 2, 50)),
      record(2, ...transfer(1, 3, 51)),
      record(2, ...transfer(1, 3, 20)),
    ],
    access: [record(1, 0, 1), record(1, 1, ...keyOf(2), 1), record(2, 2, ...keyOf(1)), record(1, 2, ...keyOf(2))],
    approval: [record(1, 0, 1, 1, ...keyOf(2)), record(2, 1, ...keyOf(7), ...u64(2_000)), record(2, 9)],
  };
  const rounds: Round[] = Object.entries(events).map(([name, of]) => ({
    module: readSample(name),
    batches: [{ state: new Uint8Array(), events: of, fuel: DEFAULT_POLICY_FUEL }],
  }));
  const answers = await isolates.ask(rounds.map(questionOf));
  expect(answers).toEqual(rounds.map(answerHere));
  const kinds = (answers as { kind: string }[][][]).map(([outcomes]) => outcomes?.map(({ kind }) => kind));
  const [yes, no] = ['accepted', 'rejected'];
  expect(kinds).toEqual([
    [yes, yes, no, yes],
    [yes, yes, no, yes],
    [yes, yes, no],
  ]);
}, 300_000);

test('[PX8] an isolate is kept, and an endless loop in it ends', async () => {
  const endless = { module: assemble(policyApplying([0x03, 0x40, 0x0c, 0, END, i64(1)])).bytes };
  const round: Round = {
    ...endless,
    batches: [{ state: new Uint8Array(), events: [record(1)], fuel: DEFAULT_POLICY_FUEL }],
  };
  const { metered, ...again } = questionOf(round);
  expect(metered).toBeDefined();
  const stopped = [[{ kind: 'stopped', cause: 'fuel' }]];
  expect(await isolates.ask([{ ...again, metered: metered ?? '' }, again])).toEqual([stopped, stopped]);
  await expect(isolates.ask([{ ...again, hash: toBase64(new Uint8Array(32)) }])).rejects.toThrow();
}, 300_000);
