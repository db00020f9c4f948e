import { countFitting, HOUR_MS, MAX_SEGMENT_BYTES, MAX_SEGMENT_PAYLOADS, packSegment } from '../../core/index.ts';
import type { Variables } from '../limits/limit-table.ts';

/** A payload goes to the cluster at this age, however few go with it, unless the operator has chosen another (`TI1`). */
export const HOT_AGE_MS = HOUR_MS;
/** A day: bytes stay this much longer in what the platform can bring back. */
const LONGEST_HOT_AGE_S = 86_400;
/** Variable of the age in seconds. */
const SEGMENT_AGE = 'SEGMENT_AGE_S';
/** Payloads of a chain that keeps them for less stay hot: they would be gone before their writing has paid for itself (`TI2`). */
export const SHORTEST_COLD_RETENTION_MS = 7_200_000;
/** What one look at the waiting payloads takes in: one more than a segment holds tells that it is full. */
export const MAX_WAITING_PAYLOADS = MAX_SEGMENT_PAYLOADS + 1;

/** A payload that is still hot, without its bytes. */
export interface HotPayload {
  readonly index: number;
  readonly payloadBytes: number;
  /** ms since the Unix epoch */
  readonly expiresAt: number;
}

/** What to do with the payloads that wait. */
export type SegmentPlan =
  /** The oldest so many, as one segment that lives as long as the last of them. */
  | { readonly kind: 'flush'; readonly payloads: readonly HotPayload[] }
  /** ms since the Unix epoch */
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'nothing' };

/** Largest payload that a segment has room for. Larger handshakes stay where they are until they expire (`TI2`). */
export const MAX_COLD_PAYLOAD_BYTES = MAX_SEGMENT_BYTES - segmentOverhead();

/**
 * Whether a segment is due (`TI1`). `waiting` are the oldest hot payloads, MAX_WAITING_PAYLOADS at most and each with room in a
 * segment; all live for the retention of their chain, so the time of each entry is known by its payload's expiry.
 */
export function planSegment(
  waiting: readonly HotPayload[],
  { retentionMs, hotAgeMs, now }: { readonly retentionMs: number; readonly hotAgeMs: number; readonly now: number },
): SegmentPlan {
  const [oldest] = waiting;
  if (oldest === undefined || !mayBeCold(retentionMs)) return { kind: 'nothing' };
  const count = countFitting(waiting.map(({ payloadBytes }) => payloadBytes));
  const dueAt = oldest.expiresAt - retentionMs + hotAgeMs;
  const isDue = count < waiting.length || dueAt <= now;
  return isDue ? { kind: 'flush', payloads: waiting.slice(0, count) } : { kind: 'wait', until: dueAt };
}

/** Whether payloads of such a chain ever leave it (`TI2`). */
export function mayBeCold(retentionMs: number): boolean {
  return retentionMs >= SHORTEST_COLD_RETENTION_MS;
}

/**
 * Reads `SEGMENT_AGE_S`, whole seconds up to a day. A relay of many quiet chains writes fewer segments by waiting for longer; one that
 * means nothing leaves an hour in force.
 */
export function configureHotAge(variables: Variables): {
  readonly hotAgeMs: number;
  readonly faults: readonly string[];
} {
  const value = variables[SEGMENT_AGE];
  if (value === undefined || value === '') return { hotAgeMs: HOT_AGE_MS, faults: [] };
  const seconds = typeof value === 'string' && /^[1-9]\d{0,4}$/.test(value) ? Number(value) : Infinity;
  if (seconds > LONGEST_HOT_AGE_S) return { hotAgeMs: HOT_AGE_MS, faults: [SEGMENT_AGE] };
  return { hotAgeMs: seconds * 1000, faults: [] };
}

/** What a segment of one payload has besides it; a longer payload has a longer length in front, of up to 4 bytes. */
function segmentOverhead(): number {
  const one = packSegment([{ hash: new Uint8Array(32), payload: new Uint8Array(0) }]);
  return one.bytes.length + 3;
}
