import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { bytes } from '../bytes-column.ts';

/** Single-use admissions to a WebSocket, by the SHA-256 of the ticket: whoever reads the table can't use one. */
export const tickets = sqliteTable(
  'tickets',
  {
    hash: bytes('hash').primaryKey(),
    actor: bytes('actor').notNull(),
    /** The browser's Origin that the ticket is bound to; null where the request had none. */
    origin: text('origin'),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('tickets_expires_at').on(table.expiresAt)],
);

/** Nonces of signed requests that this object answered, kept until none of them could be replayed. */
export const nonces = sqliteTable(
  'nonces',
  {
    nonce: bytes('nonce').primaryKey(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('nonces_expires_at').on(table.expiresAt)],
);
