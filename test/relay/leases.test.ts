import { describe, expect, test } from 'vitest';
import { LEASE_MS, Leases } from '../../relay/index.ts';

const account = new Uint8Array(32).fill(7);
const T0 = 1_790_000_000_000;

function granted(at = T0, answered = at): Leases {
  const leases = new Leases();
  leases.grant(account, leases.ask(at), answered);
  return leases;
}

describe('a lease', () => {
  test('[NA11] runs for less than 60 s from the asking, not from the answer', () => {
    expect(LEASE_MS).toBeLessThanOrEqual(60_000);
    const leases = granted(T0, T0 + 5_000);
    expect(leases.isHeld(account, T0 + LEASE_MS - 1)).toBe(true);
    expect(leases.isHeld(account, T0 + LEASE_MS)).toBe(false);
  });

  test('[NA11] is over where the clock is set back, however little, and comes back by asking alone', () => {
    const leases = granted();
    expect(leases.isHeld(account, T0 + 50_000)).toBe(true);
    expect(leases.isHeld(account, T0 + 49_999)).toBe(false);
    expect(leases.isHeld(account, T0 + 50_001)).toBe(false);
    leases.grant(account, leases.ask(T0 + 50_002), T0 + 50_002);
    expect(leases.isHeld(account, T0 + 50_003)).toBe(true);
  });

  test('[NA11] is none by an answer to what was asked before the clock was set back', () => {
    const leases = new Leases();
    const asking = leases.ask(T0);
    leases.grant(account, asking, T0 - 1);
    expect(leases.isHeld(account, T0)).toBe(false);
    const again = leases.ask(T0 + 10);
    expect(leases.isHeld(account, T0 + 5)).toBe(false);
    leases.grant(account, again, T0 + 20);
    expect(leases.isHeld(account, T0 + 21)).toBe(false);
  });

  test('[NA11] is over where the clock jumps ahead', () => {
    expect(granted().isHeld(account, T0 + 86_400_000)).toBe(false);
  });
});
