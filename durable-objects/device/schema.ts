import { sql } from 'drizzle-orm';
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { bytes } from '../bytes-column.ts';

export { nonces, tickets } from '../access/schema.ts';
export { jobs } from '../jobs/schema.ts';

/**
 * Published KeyPackages by their RFC 9420 §5.2 ref. One that left the pool stays without its bytes until it lapses, so
 * that its ref can't come back.
 */
export const keyPackages = sqliteTable(
  'key_packages',
  {
    ref: bytes('ref').primaryKey(),
    bytes: bytes('bytes').notNull(),
    suite: integer('suite').notNull(),
    /** End of the leaf's lifetime, ms since the Unix epoch. */
    notAfter: integer('not_after').notNull(),
    lastResort: integer('last_resort', { mode: 'boolean' }).notNull(),
    /** When it left the pool: claimed, or a last resort that a newer one replaced. */
    claimedAt: integer('claimed_at'),
  },
  (table) => [
    index('key_packages_stock')
      .on(table.suite, table.lastResort, table.notAfter)
      .where(sql`claimed_at is null`),
    index('key_packages_not_after').on(table.notAfter),
  ],
);

/** What each chain has claimed in its current hour; the row goes when the hour ends. */
export const claimWindows = sqliteTable(
  'claim_windows',
  {
    chain: bytes('chain').primaryKey(),
    count: integer('count').notNull(),
    /** ms since the Unix epoch */
    endsAt: integer('ends_at').notNull(),
  },
  (table) => [index('claim_windows_ends_at').on(table.endsAt)],
);

/**
 * What waits for one actor, read by cursor. An acknowledged row stays without its bytes until it expires, so that a
 * second delivery of the same is recognised. AUTOINCREMENT, so that a sequence number is never given twice: a cursor kept
 * by a client would otherwise skip the row that took an acknowledged one's number.
 */
export const mailbox = sqliteTable(
  'mailbox',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    kind: text('kind', { enum: ['welcome', 'poke'] }).notNull(),
    chain: bytes('chain').notNull(),
    index: integer('idx').notNull(),
    bytes: bytes('bytes').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    acknowledged: integer('acknowledged', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [
    index('mailbox_waiting')
      .on(table.seq)
      .where(sql`acknowledged = 0`),
    uniqueIndex('mailbox_source').on(table.kind, table.chain, table.index),
    uniqueIndex('mailbox_poke')
      .on(table.chain)
      .where(sql`kind = 'poke'`),
    index('mailbox_expires_at').on(table.expiresAt),
  ],
);
