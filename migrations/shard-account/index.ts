import journal from './meta/_journal.json' with { type: 'json' };
import tables from './0000_tables.sql';

/** The shard account's SQL by the tag of its journal entry. */
export const shardAccountMigrations = { journal, statements: { '0000_tables': tables } };
