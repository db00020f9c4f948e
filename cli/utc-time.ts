import { DAY_MS } from '../core/index.ts';

/** The last day that a Date can say. */
const MAX_MS = 8.64e15;

/** A time that people in several places mean the same by: `2027-11-26 10:00 UTC`. */
export function utcTime(ms: number): string {
  if (ms > MAX_MS) return 'never';
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** The same, and how far that is from now. */
export function utcTimeFromNow(ms: number, now: number): string {
  const days = Math.round(Math.abs(ms - now) / DAY_MS);
  const far = days === 1 ? '1 day' : `${days.toLocaleString('en')} days`;
  if (ms > MAX_MS) return utcTime(ms);
  return ms > now ? `${utcTime(ms)}, in ${far}` : `${utcTime(ms)}, ${far} ago`;
}
