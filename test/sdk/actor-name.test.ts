import { describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../sdk/index.ts';
import { actorSeed } from './chain/test-log.ts';

describe('a fingerprint', () => {
  test('[CL16] is one short text for a key, and another for every key that differs in a bit', () => {
    const actor = actorSeed('some key');
    const own = fingerprintOf(actor);
    expect(own).toMatch(/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/);
    const others = Array.from({ length: 256 }, (_, bit) => {
      const other = actor.slice();
      other[bit >> 3]! ^= 1 << (bit & 7);
      return fingerprintOf(other);
    });
    expect(new Set([own, ...others]).size).toBe(257);
  });

  test('[CL16] never changes, since people have written it down', () => {
    expect(fingerprintOf(new Uint8Array(32))).toBe('cg3h-565p-kqn7-wvm5');
  });
});
