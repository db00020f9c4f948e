import { describe, expect, test } from 'vitest';
import { countFitting, DAY_MS, HOUR_MS, MAX_SEGMENT_PAYLOADS } from '../../core/index.ts';
import {
  configureHotAge,
  HOT_AGE_MS,
  MAX_COLD_PAYLOAD_BYTES,
  MAX_WAITING_PAYLOADS,
  planSegment,
  SHORTEST_COLD_RETENTION_MS,
} from '../../relay/index.ts';

const NOW = 1_800_000_000_000;

function waiting(count: number, payloadBytes: number, sequencedAt = NOW) {
  return Array.from({ length: count }, (_, index) => ({ index, payloadBytes, expiresAt: sequencedAt + DAY_MS }));
}

function plan(payloads: ReturnType<typeof waiting>, now: number, retentionMs = DAY_MS) {
  return planSegment(payloads, { retentionMs, hotAgeMs: HOT_AGE_MS, now });
}

describe('a segment', () => {
  test('[TI1] [TI2] is due after an hour, in chains that keep payloads for two', () => {
    expect([HOT_AGE_MS, SHORTEST_COLD_RETENTION_MS]).toEqual([HOUR_MS, 2 * HOUR_MS]);
  });

  test('[TI1] is due when its oldest payload is old enough, and not a millisecond before', () => {
    expect(plan(waiting(3, 100), NOW + HOT_AGE_MS - 1)).toEqual({ kind: 'wait', until: NOW + HOT_AGE_MS });
    expect(plan(waiting(3, 100), NOW + HOT_AGE_MS)).toEqual({ kind: 'flush', payloads: waiting(3, 100) });
    expect(plan([], NOW + DAY_MS)).toEqual({ kind: 'nothing' });
  });

  test('[TI1] is due at once when there is more than it takes, by bytes or by number, and takes the oldest', () => {
    for (const [count, bytes] of [
      [65, 16_384],
      [MAX_WAITING_PAYLOADS, 1],
    ] as const) {
      const all = waiting(count, bytes);
      const fitting = countFitting(all.map(({ payloadBytes }) => payloadBytes));
      expect(plan(all, NOW)).toEqual({ kind: 'flush', payloads: all.slice(0, fitting) });
      expect(plan(all.slice(0, fitting), NOW).kind).toBe('wait');
    }
    expect(MAX_WAITING_PAYLOADS).toBe(MAX_SEGMENT_PAYLOADS + 1);
  });

  test('[TI2] takes none of a chain that keeps them for less than two hours, and none that no segment has room for', () => {
    const [short, long] = [SHORTEST_COLD_RETENTION_MS - 1, SHORTEST_COLD_RETENTION_MS];
    const of = (retentionMs: number) => [{ index: 1, payloadBytes: 9, expiresAt: NOW + retentionMs }];
    expect(plan(of(short), NOW + HOT_AGE_MS, short)).toEqual({ kind: 'nothing' });
    expect(plan(of(long), NOW + HOT_AGE_MS, long).kind).toBe('flush');
    expect(countFitting([MAX_COLD_PAYLOAD_BYTES])).toBe(1);
    expect(countFitting([MAX_COLD_PAYLOAD_BYTES + 1])).toBe(0);
  });

  test('[TI1] comes at the age that the operator chose, where that means anything', () => {
    expect(configureHotAge({})).toEqual({ hotAgeMs: HOT_AGE_MS, faults: [] });
    expect(configureHotAge({ SEGMENT_AGE_S: '86400' })).toEqual({ hotAgeMs: DAY_MS, faults: [] });
    for (const value of ['0', '86401', '1.5', '-1', ' 60', 60]) {
      expect(configureHotAge({ SEGMENT_AGE_S: value })).toEqual({ hotAgeMs: HOT_AGE_MS, faults: ['SEGMENT_AGE_S'] });
    }
  });
});
