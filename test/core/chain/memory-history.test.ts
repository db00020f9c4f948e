import { describe, expect, test } from 'vitest';
import { MemoryHistory } from '../../../core/index.ts';
import { hashOf } from '../../../scripts/vectors/sample-bodies.ts';

describe('a history in memory', () => {
  test('gives back every leaf over many times its first size, and nothing beyond', () => {
    const history = new MemoryHistory();
    const leaf = (index: number) => ({ hash: hashOf(`${index}`), relayTime: 1e12 + index });
    for (let index = 0; index < 1500; index++) {
      expect(history.at(index)).toBeUndefined();
      history.push(leaf(index));
    }
    for (const index of [0, 1, 255, 256, 257, 1023, 1024, 1499]) expect(history.at(index)).toEqual(leaf(index));
    expect([history.at(1500), history.at(-1), history.at(2 ** 40)]).toEqual([undefined, undefined, undefined]);
  });

  test('[AP5] lets an actor use an event id once, and another actor the same one', () => {
    const history = new MemoryHistory();
    const [alice, bob] = [hashOf('alice'), hashOf('bob')];
    const [first, second] = [new Uint8Array(16), new Uint8Array(16).fill(0xff)];
    const claims = [
      [alice, first],
      [alice, second],
      [bob, first],
      [alice, first],
      [bob, first],
    ] as const;
    expect(claims.map(([actor, id]) => history.claimEventId(actor, id))).toEqual([true, true, true, false, false]);
  });
});
