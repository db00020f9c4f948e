import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_POLICY_FUEL, toBase64 } from '../../core/index.ts';
import { END, assemble, i64, policyApplying } from '../core/policy/assembler.ts';
import { questionOf, startIsolates } from './isolates.ts';
import { answerHere, randomRound, type Round } from './rounds.ts';
import { record, sampleRounds } from './sample-rounds.ts';

let isolates: Awaited<ReturnType<typeof startIsolates>>;

beforeAll(async () => {
  isolates = await startIsolates();
}, 300_000);

afterAll(() => isolates.stop());

test('[PX1, PX8] random modules give the same verdicts, states and fuel in isolates of workerd and in Node', async () => {
  const rounds = Array.from({ length: 40 }, (_, seed) => randomRound(seed));
  const answers = await isolates.ask(rounds.map(questionOf));
  expect(answers).toEqual(await Promise.all(rounds.map(answerHere)));
}, 300_000);

test('[PX1, PX8] the samples do too, over records of which each finds the state that the one before left', async () => {
  const answers = await isolates.ask(sampleRounds.map(questionOf));
  expect(answers).toEqual(await Promise.all(sampleRounds.map(answerHere)));
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
  const { module, ...again } = questionOf(round);
  const stopped = [[{ kind: 'stopped', cause: 'fuel' }]];
  expect(await isolates.ask([{ ...again, module }, again])).toEqual([stopped, stopped]);
  await expect(isolates.ask([{ ...again, hash: toBase64(new Uint8Array(32)) }])).rejects.toThrow();
}, 300_000);
