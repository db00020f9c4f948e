import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export { nonces } from '../access/schema.ts';
export { jobs } from '../jobs/schema.ts';

/** What a relay has in the bucket, or may have: a row is there before its object, and until after it. */
export const objects = sqliteTable(
  'objects',
  {
    key: text('key').primaryKey(),
    /** Bytes that count against the quota: while one object replaces another, those of the larger one. */
    size: integer('size').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('objects_expires_at').on(table.expiresAt)],
);
