import journal from './meta/_journal.json' with { type: 'json' };
import tables from './0000_tables.sql';
import appendOnly from './0001_append_only.sql';
import outboxContents from './0002_outbox_contents.sql';
import shares from './0003_shares.sql';
import blobs from './0004_blobs.sql';
import followers from './0005_followers.sql';
import blobCare from './0006_blob_care.sql';
import modules from './0007_modules.sql';
import segments from './0008_segments.sql';
import policyState from './0009_policy_state.sql';
import snapshotParts from './0010_snapshot_parts.sql';

/** The chain object's SQL by the tag of its journal entry. */
export const chainMigrations = {
  journal,
  statements: {
    '0000_tables': tables,
    '0001_append_only': appendOnly,
    '0002_outbox_contents': outboxContents,
    '0003_shares': shares,
    '0004_blobs': blobs,
    '0005_followers': followers,
    '0006_blob_care': blobCare,
    '0007_modules': modules,
    '0008_segments': segments,
    '0009_policy_state': policyState,
    '0010_snapshot_parts': snapshotParts,
  },
};
