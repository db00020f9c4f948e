import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { bytes } from '../bytes-column.ts';

export { nonces } from '../access/schema.ts';
export { jobs } from '../jobs/schema.ts';

/** Every placement that there was. Blobs name theirs by its number, so none is ever dropped or changed. */
export const placements = sqliteTable('placements', {
  number: integer('number').primaryKey(),
  bytes: bytes('bytes').notNull(),
});

/** Nodes that gave up their slot. */
export const retired = sqliteTable('retired', {
  node: text('node').primaryKey(),
  /** `drained` once no blob names it any more. */
  state: text('state', { enum: ['draining', 'drained'] }).notNull(),
  /** Number of the placement from which on it has no slot. */
  since: integer('since').notNull(),
});

/** Chains that have, or had, blobs in the cluster. */
export const chains = sqliteTable(
  'chains',
  {
    /** base64url */
    chain: text('chain').primaryKey(),
    /** The chain's last report, as JSON. */
    report: text('report').notNull(),
    /** The newest round that the chain has reported to be through with. */
    round: integer('round').notNull(),
    /** The round that it was last asked to go through, and when, ms since the Unix epoch. */
    askedRound: integer('asked_round').notNull().default(0),
    askedAt: integer('asked_at').notNull().default(0),
    /** When it was asked first since it last got on in a round, ms since the Unix epoch; null while nothing is waited for. */
    silentSince: integer('silent_since'),
  },
  (table) => [index('chains_round').on(table.round), index('chains_silent_since').on(table.silentSince)],
);

/** Objects that no chain knew when they were listed. One that is still unknown after a day is deleted. */
export const orphans = sqliteTable(
  'orphans',
  {
    node: text('node').notNull(),
    key: text('key').notNull(),
    /** ms since the Unix epoch */
    foundAt: integer('found_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.node, table.key] })],
);
