/** A second, in the milliseconds that all times here are counted in. */
export const SECOND_MS = 1_000;
/** A minute, in milliseconds. */
export const MINUTE_MS = 60 * SECOND_MS;
/** An hour, in milliseconds. */
export const HOUR_MS = 60 * MINUTE_MS;
/** A day of 24 hours, in milliseconds: no clock here knows of leap seconds or daylight saving. */
export const DAY_MS = 24 * HOUR_MS;
