import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What an object still has to do, one row a kind: the truth from which the alarm is armed. */
export const jobs = sqliteTable('jobs', {
  kind: text('kind').primaryKey(),
  /** ms since the Unix epoch */
  dueAt: integer('due_at').notNull(),
  /** Failures since the last success. */
  attempt: integer('attempt').notNull().default(0),
});
