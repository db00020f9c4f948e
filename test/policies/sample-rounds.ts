import { DEFAULT_POLICY_FUEL, encodePolicyRecord } from '../../core/index.ts';
import type { Round } from './rounds.ts';
import { keyOf, readSample, u64 } from './sample.ts';

/** What an actor signed for a policy of a chain. */
export function record(actor: number, ...body: number[]): Uint8Array {
  return encodePolicyRecord({ actor: keyOf(actor), type: 0x8000, body: Uint8Array.from(body) }, 1_000);
}

const transfer = (number: number, to: number, amount: number): number[] => [
  1,
  ...u64(number),
  ...keyOf(to),
  ...u64(amount),
];

const EVENTS: Readonly<Record<string, readonly Uint8Array[]>> = {
  ledger: [
    record(1, 0),
    record(1, ...transfer(1, 2, 50)),
    record(2, ...transfer(1, 3, 51)),
    record(2, ...transfer(1, 3, 20)),
  ],
  access: [record(1, 0, 1), record(1, 1, ...keyOf(2), 1), record(2, 2, ...keyOf(1)), record(1, 2, ...keyOf(2))],
  approval: [record(1, 0, 1, 1, ...keyOf(2)), record(2, 1, ...keyOf(7), ...u64(2_000)), record(2, 9)],
};

/** Each sample with records of which each finds the state that the one before left. */
export const sampleRounds: readonly Round[] = Object.entries(EVENTS).map(([name, events]) => ({
  module: readSample(name),
  batches: [{ state: new Uint8Array(), events, fuel: DEFAULT_POLICY_FUEL }],
}));
