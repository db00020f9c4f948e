import journal from './meta/_journal.json' with { type: 'json' };
import tables from './0000_tables.sql';
import closures from './0005_closures.sql';
import envelopes from './0002_envelopes.sql';
import keyPackageCredentials from './0004_key_package_credentials.sql';
import lapsedSuites from './0003_lapsed_suites.sql';
import claimsAndAcknowledgements from './0001_claims_and_acknowledgements.sql';

/** The device object's SQL by the tag of its journal entry. */
export const deviceMigrations = {
  journal,
  statements: {
    '0000_tables': tables,
    '0001_claims_and_acknowledgements': claimsAndAcknowledgements,
    '0002_envelopes': envelopes,
    '0003_lapsed_suites': lapsedSuites,
    '0004_key_package_credentials': keyPackageCredentials,
    '0005_closures': closures,
  },
};
