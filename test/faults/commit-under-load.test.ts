import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from '../stories/stage.ts';
import { commitUnderLoad } from './commit-load.ts';

const RATE = 25;
const SECONDS = 3;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set();
}, 60_000);

afterAll(() => stage.strike());

test('[AP7] members are invited and removed and keys rotate while another member keeps talking, and each word is read', async () => {
  const { latencies, read, between } = await commitUnderLoad(stage, { rate: RATE, seconds: SECONDS });
  expect(latencies.length).toBeGreaterThanOrEqual(3);
  expect(between.filter((messages) => messages > 0).length, 'messages came between commits').toBeGreaterThanOrEqual(3);
  expect([...read].sort((a, b) => a - b)).toEqual(Array.from({ length: RATE * SECONDS }, (_, number) => number));
}, 120_000);
