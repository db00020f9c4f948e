import journal from './meta/_journal.json' with { type: 'json' };
import tables from './0000_tables.sql';
import silentChains from './0001_silent_chains.sql';

/** The cluster object's SQL by the tag of its journal entry. */
export const clusterMigrations = {
  journal,
  statements: { '0000_tables': tables, '0001_silent_chains': silentChains },
};
