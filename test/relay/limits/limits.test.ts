import { describe, expect, it, test } from 'vitest';
import { MINUTE_MS } from '../../../core/index.ts';
import { configureLimits, limitNames, limits, limitVariable, addressKey } from '../../../relay/index.ts';
import { AppendLimits } from '../../../relay/limits/append-limits.ts';
import { countClaim, MAX_CLAIM_COUNTS } from '../../../relay/limits/claim-counts.ts';
import { Meter } from '../../../relay/limits/meter.ts';
import { Strikes } from '../../../relay/limits/strikes.ts';

const T0 = 1_800_000_000_000;

describe('A meter', () => {
  const limit = { count: 60, periodMs: MINUTE_MS };

  it('[LM3] grants its count at once, then as much as time gives back, and never more than its count', () => {
    const meter = new Meter(limit);
    expect(meter.take('a', T0, 100)).toBe(60);
    expect(meter.take('a', T0)).toBe(0);
    expect(meter.waitMs('a', T0)).toBe(1_000);
    expect(meter.take('a', T0 + 999)).toBe(0);
    expect(meter.take('a', T0 + 1_000, 2)).toBe(1);
    expect(meter.take('a', T0 + 1_000_000, 100)).toBe(60);
  });

  it('[LM3] counts each key for itself', () => {
    const meter = new Meter(limit);
    meter.take('a', T0, 60);
    expect(meter.waitMs('b', T0)).toBe(0);
    expect(meter.take('b', T0)).toBe(1);
  });

  it('[LM3] gives nothing for a clock that was set back, and counts on from there', () => {
    const meter = new Meter(limit);
    meter.take('a', T0, 60);
    const setBack = T0 - 10 * MINUTE_MS;
    expect(meter.take('a', setBack)).toBe(0);
    expect(meter.take('a', setBack + 1_000, 2)).toBe(1);
    expect(meter.waitMs('a', setBack + 1_000)).toBe(1_000);
  });

  it('[LM6] lets one owe at most its count again', () => {
    const meter = new Meter(limit);
    meter.charge('a', T0, 1_000_000);
    expect(meter.waitMs('a', T0)).toBe(61_000);
    expect(meter.waitMs('a', T0 + 61_000)).toBe(0);
  });

  it('[LM3] remembers a bounded number of keys, and forgets the one that it met first', () => {
    const meter = new Meter(limit);
    for (let i = 0; i < 4_097; i++) meter.take(`key ${i}`, T0, 60);
    expect(meter.waitMs('key 0', T0)).toBe(0);
    expect(meter.waitMs('key 1', T0)).toBeGreaterThan(0);
  });

  it('[LM2] that is off grants everything', () => {
    const meter = new Meter({ count: Infinity, periodMs: MINUTE_MS });
    meter.charge('a', T0, 1e9);
    expect([meter.take('a', T0 + 1, 1e9), meter.waitMs('a', T0 + 1)]).toEqual([1e9, 0]);
  });
});

describe('Strikes', () => {
  const strikes = (...times: readonly number[]): Strikes => {
    const made = new Strikes({ count: 3, periodMs: MINUTE_MS });
    for (const time of times) made.add('a', T0 + time);
    return made;
  };

  it('[LM4] cost a minute from the third one, where that came within a minute of the first', () => {
    const out = strikes(0, 20_000, 59_999);
    expect(out.waitMs('a', T0 + 59_999)).toBe(MINUTE_MS);
    expect(out.waitMs('a', T0 + 119_998)).toBe(1);
    expect(out.waitMs('a', T0 + 119_999)).toBe(0);
    expect(out.waitMs('b', T0 + 59_999)).toBe(0);
  });

  it('[LM4] cost nothing where they are fewer or further apart', () => {
    expect(strikes(0, 1).waitMs('a', T0 + 1)).toBe(0);
    expect(strikes(0, 20_000, 60_000).waitMs('a', T0 + 60_000)).toBe(0);
    expect(strikes(0, 20_000, 60_000, 79_999).waitMs('a', T0 + 79_999)).toBe(MINUTE_MS);
  });

  it('[LM4] keep nobody out for longer than a period where the clock was ahead and was set back', () => {
    const ahead = strikes(0, 1, 2);
    expect(ahead.waitMs('a', T0 - 10 * MINUTE_MS)).toBe(0);
    ahead.add('a', T0 - 10 * MINUTE_MS);
    expect(ahead.waitMs('a', T0 - 10 * MINUTE_MS)).toBe(MINUTE_MS);
  });

  it('[LM3] are remembered of the 1,024 keys that struck last', () => {
    const made = new Strikes({ count: 1, periodMs: MINUTE_MS });
    for (let i = 0; i < 1_024; i++) made.add(`key ${i}`, T0);
    made.add('key 0', T0);
    made.add('key 1024', T0);
    expect(['key 0', 'key 1', 'key 2', 'key 1024'].map((key) => made.waitMs(key, T0) > 0)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});

describe('What is refused', () => {
  const limits = new AppendLimits(configureLimits({ LIMIT_REFUSED_EVENTS: '1/60' }).limits);

  it.each(['bad-signature', 'malformed', 'malformed-signature', 'wrong-chain', 'not-permitted', 'actor-removed'])(
    '[LM6] as %s is charged to who sent it, and to nobody else',
    (code) => {
      limits.countRefused(undefined, [code], T0);
      limits.countRefused(code, ['stale-parent', code], T0);
      expect(limits.checkSender(code, T0)).toMatchObject({ code: 'rate-limited', limit: 'refused-events' });
      expect([limits.checkSender('another', T0), limits.checkSender(undefined, T0)]).toEqual([undefined, undefined]);
    },
  );

  it.each(['stale-parent', 'clock-skew', 'event-id-reused', 'seen-too-old', 'rate-limited'])(
    '[LM6] as %s may be of a correct client, and is charged to nobody',
    (code) => {
      limits.countRefused(code, [code, code], T0);
      expect(limits.checkSender(code, T0)).toBeUndefined();
    },
  );

  it('[LM1] names a time to wait, also where the count that it waits for has ended', () => {
    const load = { chain: undefined, claimer: undefined, size: MAX_CLAIM_COUNTS };
    for (const nextEnd of [T0 - 5, T0, undefined]) {
      expect(countClaim({ ...load, nextEnd }, T0)).toMatchObject({ error: { limit: 'claims', retryAfterMs: 1 } });
    }
  });
});

describe('Variables', () => {
  test('[LM2] change the limits that they are for, and no other', () => {
    const configured = configureLimits({ LIMIT_ACTOR_APPENDS: '10/3600', LIMIT_TICKETS: 'off', RELAY_NAME: 'x' });
    const { 'actor-appends': appends, tickets, ...others } = configured.limits;
    expect(configured.faults).toEqual([]);
    expect(appends).toEqual({ count: 10, periodMs: 3_600_000 });
    expect(tickets.count).toBe(Infinity);
    for (const [name, limit] of Object.entries(others)) expect(limits).toMatchObject({ [name]: limit });
  });

  test('[LM2] that mean nothing leave the limit as it is and are named', () => {
    for (const value of ['0/60', '10', '10/0', '1e3/60', 'none', '-1/60', ' 1/60', 7]) {
      const { limits: configured, faults } = configureLimits({ LIMIT_TICKETS: value });
      expect(faults, String(value)).toEqual(['LIMIT_TICKETS']);
      expect(configured.tickets).toEqual({ count: limits.tickets.count, periodMs: limits.tickets.periodMs });
    }
    expect(configureLimits({ LIMIT_FACTOR: '0' }).faults).toEqual(['LIMIT_FACTOR']);
  });

  test('[LM2] multiply every limit that has a variable', () => {
    const { limits: configured } = configureLimits({ LIMIT_FACTOR: '10', LIMIT_TICKETS: '3/60' });
    expect(configured.tickets.count).toBe(30);
    for (const name of limitNames.filter((one) => one !== 'tickets')) {
      const factor = limitVariable(name) === undefined ? 1 : 10;
      expect(configured[name].count, name).toBe(limits[name].count * factor);
    }
  });
});

describe('Addresses', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    [' 192.0.2.7 ', '192.0.2.7'],
  ])('[LM5] %s is counted as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  test.each([
    '',
    null,
    undefined,
    'host',
    '1.2.3',
    '1:2:3',
    '1::2::3',
    '1:2:3:4::5:6:7:8',
    '1:2:3:4:5:6:7:8:9',
    '192.0.2.7, 192.0.2.8',
    'g::1',
  ])('[LM5] %j is counted with all that name none', (address) => {
    expect(addressKey(address)).toBe('unknown');
  });
});
