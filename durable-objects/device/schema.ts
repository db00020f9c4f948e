import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
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
    /** What groups it fits (`ML7`). */
    credentials: text('credentials', { enum: ['bound', 'unbound'] })
      .notNull()
      .default('bound'),
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
    index('key_packages_claimed')
      .on(table.claimedAt)
      .where(sql`claimed_at is not null`),
  ],
);

/** Suites of which something lapsed unclaimed since the device last published of them (`KP12`). */
export const lapsedSuites = sqliteTable('lapsed_suites', { suite: integer('suite').primaryKey() });

/** What each chain, and each actor, has claimed in its current hour; the row goes when the hour ends. */
export const claimCounts = sqliteTable(
  'claim_counts',
  {
    kind: text('kind', { enum: ['chain', 'claimer'] }).notNull(),
    subject: bytes('subject').notNull(),
    count: integer('count').notNull(),
    /** ms since the Unix epoch */
    endsAt: integer('ends_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.subject] }), index('claim_counts_ends_at').on(table.endsAt)],
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
    kind: text('kind', { enum: ['welcome', 'poke', 'envelope', 'overflow'] }).notNull(),
    /** Zeros where an item is about none. */
    chain: bytes('chain').notNull(),
    index: integer('idx').notNull(),
    bytes: bytes('bytes').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    acknowledged: integer('acknowledged', { mode: 'boolean' }).notNull().default(false),
    /** Of an envelope: SHA-256 of its bytes, by which a second one is recognised, and who posted it. */
    digest: bytes('digest'),
    sender: bytes('sender'),
    /** Openings of the mailbox that gave it, the last of them when. */
    given: integer('given').notNull().default(0),
    givenAt: integer('given_at').notNull().default(0),
    /** Given time and again and never acknowledged: its bytes are kept apart from what is read. */
    setAside: integer('set_aside', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [
    index('mailbox_waiting')
      .on(table.seq)
      .where(sql`acknowledged = 0`),
    index('mailbox_acknowledged')
      .on(table.seq)
      .where(sql`acknowledged = 1 and set_aside = 0`),
    index('mailbox_set_aside')
      .on(table.seq)
      .where(sql`set_aside = 1`),
    index('mailbox_room')
      .on(table.kind)
      .where(sql`(acknowledged = 0 or set_aside = 1)`),
    uniqueIndex('mailbox_source')
      .on(table.kind, table.chain, table.index)
      .where(sql`kind in ('welcome', 'poke')`),
    uniqueIndex('mailbox_poke')
      .on(table.chain)
      .where(sql`kind = 'poke'`),
    uniqueIndex('mailbox_envelope')
      .on(table.digest)
      .where(sql`kind = 'envelope'`),
    index('mailbox_expires_at').on(table.expiresAt),
  ],
);

/** Tokens of the current epoch that were used or revoked; of the others nothing need be known. */
export const mailboxTokens = sqliteTable(
  'mailbox_tokens',
  {
    serial: integer('serial').primaryKey(),
    uses: integer('uses').notNull(),
    revoked: integer('revoked', { mode: 'boolean' }).notNull(),
    /** When no token of this serial can be in force any more. */
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('mailbox_tokens_expires_at').on(table.expiresAt)],
);

/** The token epoch, in one row with id 0; none means epoch 0. */
export const tokenEpochs = sqliteTable('token_epochs', {
  id: integer('id').primaryKey(),
  epoch: integer('epoch').notNull(),
});

/** One row with id 0 once the device's account has revoked it. */
export const closures = sqliteTable('closures', { id: integer('id').primaryKey() });
