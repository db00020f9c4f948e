import journal from './meta/_journal.json' with { type: 'json' };
import tables from './0000_tables.sql';

/** The fan-out object's SQL by the tag of its journal entry. */
export const fanoutMigrations = { journal, statements: { '0000_tables': tables } };
