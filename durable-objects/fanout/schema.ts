import { integer, sqliteTable } from 'drizzle-orm/sqlite-core';
import { bytes } from '../bytes-column.ts';

export { nonces, tickets } from '../access/schema.ts';
export { jobs } from '../jobs/schema.ts';

/** One row: what this object is. */
export const share = sqliteTable('share', {
  number: integer('number').primaryKey(),
  chain: bytes('chain').notNull(),
  /** Entries that its live readers were given; known after it slept, or it could not see a gap. */
  next: integer('next').notNull(),
});
