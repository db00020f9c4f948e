/** List prices of the platform's paid plan in US dollars, as of 2026; what the plan includes is left out. */
export const prices = {
  /** A million puts, lists and the like of a bucket. Deleting costs nothing. */
  classA: 4.5,
  /** A million gets and heads. */
  classB: 0.36,
  /** A GB and month in a bucket, and in the SQLite of an object. */
  bucketGb: 0.015,
  objectGb: 0.2,
  /** A million rows written by an object, index entries included. */
  rows: 1,
} as const;
