import { expect, test } from 'vitest';
import { decideBatch } from '../../../core/index.ts';
import { assemble, i64, list, policyApplying, u } from './assembler.ts';
import { compileMetered } from './policy-rounds.ts';

const FUEL = 1_000_000;
const RECORDS = 8;

/** How often a batch of an accepting policy lets others have their turn, and the fuel that it leaves. */
async function decide(pages: number): Promise<{ readonly pauses: number; readonly fuelLeft: ReadonlySet<number> }> {
  const memories = list([[0x01, u(pages), u(pages)]]);
  const instantiate = compileMetered(assemble(policyApplying([i64(1)], { memories })).bytes);
  const events = Array.from({ length: RECORDS }, (_, i) => Uint8Array.of(i));
  let pauses = 0;
  const outcomes = await decideBatch(instantiate, { state: new Uint8Array(), events, fuel: FUEL }, async () => {
    pauses += 1;
  });
  return {
    pauses,
    fuelLeft: new Set(outcomes.map((outcome) => (outcome.kind === 'accepted' ? outcome.fuelLeft : -1))),
  };
}

test('[PX8] the memory that instances begin with is work, after which others have their turn, and no fuel', async () => {
  const [small, large] = [await decide(1), await decide(256)];
  expect(small.pauses).toBe(0);
  // 256 pages are 2 of the 5 ms: each third instance is followed by a pause.
  expect(large.pauses).toBe(2);
  expect(large.fuelLeft).toEqual(small.fuelLeft);
});
