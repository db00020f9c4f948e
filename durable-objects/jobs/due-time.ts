import { DAY_MS } from '../../core/index.ts';
import type { JobRow } from './job-rows.ts';

export const FIRST_RETRY_MS = 1_000;
export const LONGEST_RETRY_MS = 300_000;
/** As long as the longest pause that a job takes: what is due later is looked at after it, and waits again. */
export const LONGEST_WAIT_MS = 7 * DAY_MS;

/** `dueAt` as it is stored: no row is written for a time further away than the longest wait. */
export function boundedDueTime(dueAt: number, now: number): number {
  return Math.min(dueAt, now + LONGEST_WAIT_MS);
}

/**
 * When a row is due. One that waits for longer than anything is put off was written while the clock ran ahead: it is due at
 * once, or it would sleep until that time comes.
 */
export function dueTime({ dueAt, attempt }: Pick<JobRow, 'dueAt' | 'attempt'>, now: number): number {
  return dueAt - now > (attempt === 0 ? LONGEST_WAIT_MS : LONGEST_RETRY_MS) ? now : dueAt;
}
