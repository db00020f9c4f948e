import { sql } from 'drizzle-orm';
import { check, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { bytes } from '../bytes-column.ts';

export { nonces, tickets } from '../access/schema.ts';
export { jobs } from '../jobs/schema.ts';

/**
 * The chain itself, one row an entry, append-only by triggers (see the migrations). Everything else in the object is
 * derived from it, expires, or is on its way out.
 */
export const log = sqliteTable(
  'log',
  {
    index: integer('idx').primaryKey(),
    entry: bytes('entry').notNull(),
    /**
     * The 32-byte hashes of the perfect subtrees that this leaf completes, the leaf hash first (RFC 9162 §2.1). Tree node
     * (level, k) is the slice at 32·level of row (k+1)·2^level − 1, so a node never needs a row or an index of its own.
     */
    nodes: bytes('nodes').notNull(),
    /** event_id[16] || actor[32] */
    eventKey: bytes('event_key').notNull().unique('log_event_key'),
  },
  () => [
    check(
      'log_shape',
      sql`typeof(entry) = 'blob' and length(entry) between 1 and 65535
        and typeof(nodes) = 'blob' and length(nodes) between 32 and 1696 and length(nodes) % 32 = 0
        and typeof(event_key) = 'blob' and length(event_key) = 48`,
    ),
  ],
);

/** Hot ciphertext, by the entry that named it. Rows expire in the order of their index, since relay time never falls. */
export const payloads = sqliteTable('payloads', {
  index: integer('idx').primaryKey(),
  hash: bytes('hash').notNull(),
  bytes: bytes('bytes').notNull(),
  expiresAt: integer('expires_at').notNull(),
});

/**
 * Cold ciphertext, one row a segment: the entries that named it and where it lies in the blob that has the bytes. Ranges of
 * indexes never overlap, and segments expire in the order of their first.
 */
export const segments = sqliteTable('segments', {
  first: integer('first').primaryKey(),
  last: integer('last').notNull(),
  blob: bytes('blob').notNull(),
  expiresAt: integer('expires_at').notNull(),
  places: bytes('places').notNull(),
});

/** At most one row: the segment that is being written, from before anything of it is at a node until it is in `segments`. */
export const segmentIntent = sqliteTable('segment_intent', {
  id: integer('id').primaryKey(),
  first: integer('first').notNull(),
  last: integer('last').notNull(),
  payloadCount: integer('payload_count').notNull(),
  blob: bytes('blob').notNull(),
  blobBytes: integer('blob_bytes').notNull(),
  placement: integer('placement').notNull(),
  expiresAt: integer('expires_at').notNull(),
});

/** Blobs whose objects are to be gone from every node. */
export const tombstones = sqliteTable(
  'tombstones',
  {
    blob: bytes('blob').notNull(),
    placement: integer('placement').notNull(),
    writtenBy: integer('written_by'),
    blobBytes: integer('blob_bytes').notNull(),
    dueAt: integer('due_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.blob, table.placement] }), index('tombstones_due_at').on(table.dueAt)],
);

/**
 * Finds a payload by hash. It lags behind `payloads` and is filled in large sorted batches: an index kept on the random
 * hashes themselves would cost every append a dirty page. What it lacks is at the tail of `payloads`, bounded and
 * scanned.
 */
export const payloadLookup = sqliteTable(
  'payload_lookup',
  {
    index: integer('idx').primaryKey(),
    /** The first 48 bits of the hash; a match is confirmed against the whole hash. */
    tag: integer('tag').notNull(),
  },
  (table) => [index('payload_lookup_tag').on(table.tag)],
);

/** MLS commits, proposals, GroupInfos and trees as they were received. */
export const handshakes = sqliteTable(
  'handshakes',
  {
    hash: bytes('hash').primaryKey(),
    /** A tree of joiners outlives its epoch: who finds the Welcome late has to get it still (`ML93`). */
    kind: text('kind', { enum: ['commit', 'proposal', 'group-info', 'tree', 'joiners-tree'] }).notNull(),
    epoch: integer('epoch').notNull(),
    bytes: bytes('bytes').notNull(),
    /** Null while in force: such a row never expires. */
    expiresAt: integer('expires_at'),
  },
  (table) => [
    index('handshakes_kind_epoch').on(table.kind, table.epoch),
    index('handshakes_expires_at').on(table.expiresAt),
  ],
);

/** What must still reach other objects, retried until acknowledged; the recipient ignores what it has seen before. */
export const outbox = sqliteTable(
  'outbox',
  {
    index: integer('idx').notNull(),
    recipient: bytes('recipient').notNull(),
    kind: text('kind').notNull(),
    attempt: integer('attempt').notNull().default(0),
    dueAt: integer('due_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.index, table.recipient, table.kind] }),
    index('outbox_due_at').on(table.dueAt),
    index('outbox_expires_at').on(table.expiresAt),
  ],
);

/**
 * What the deliveries of one entry bring, once for all of its recipients: a Welcome to 256 people may have a megabyte. Goes
 * with the last of them.
 */
export const outboxContents = sqliteTable(
  'outbox_contents',
  {
    index: integer('idx').notNull(),
    kind: text('kind').notNull(),
    bytes: bytes('bytes').notNull(),
  },
  (table) => [primaryKey({ columns: [table.index, table.kind] })],
);

/** "Something new in this chain", for members who are away: one row a recipient, at the newest index. */
export const pokes = sqliteTable(
  'pokes',
  {
    recipient: bytes('recipient').primaryKey(),
    index: integer('idx').notNull(),
    attempt: integer('attempt').notNull().default(0),
    dueAt: integer('due_at').notNull(),
    expiresAt: integer('expires_at').notNull().default(0),
  },
  (table) => [index('pokes_due_at').on(table.dueAt), index('pokes_expires_at').on(table.expiresAt)],
);

/** Objects that hold a share of this chain's readers, by number from 1. Each gets every flush until it says that it is empty. */
export const shares = sqliteTable('shares', { number: integer('number').primaryKey() });

/**
 * On the chain of an account: the groups that name it, and how many of its entries each has imported. One that lacks some is told,
 * later each time, until it has asked for them.
 */
export const followers = sqliteTable(
  'followers',
  {
    chain: bytes('chain').primaryKey(),
    known: integer('known').notNull(),
    attempt: integer('attempt').notNull().default(0),
    dueAt: integer('due_at').notNull(),
  },
  (table) => [index('followers_known').on(table.known)],
);

/** What the chain's policy has left, at most one row: no entry holds it, and the log gives it again by asking the policy anew. */
export const policyState = sqliteTable('policy_state', {
  id: integer('id').primaryKey(),
  /** Newest entry of the flush that left it. */
  index: integer('idx').notNull(),
  state: bytes('state').notNull(),
  /** SHA-256 of the state. */
  digest: bytes('digest').notNull(),
});

/** WebAssembly modules that a registry has published, by their SHA-256: what its log names is here for as long as the log is. */
export const modules = sqliteTable('modules', {
  hash: bytes('hash').primaryKey(),
  bytes: bytes('bytes').notNull(),
});

/** State at an index: a cache, dropped at any doubt and rebuilt from the log. */
export const snapshots = sqliteTable('snapshots', {
  index: integer('idx').primaryKey(),
  leafHash: bytes('leaf_hash').notNull(),
  /** Of the whole state, so that a part that is missing or another's is found. */
  digest: bytes('digest').notNull(),
  /** The state, or the first part of it. */
  bytes: bytes('bytes').notNull(),
});

/** What a row of `snapshots` does not hold, in order. */
export const snapshotParts = sqliteTable(
  'snapshot_parts',
  {
    index: integer('idx').notNull(),
    /** From 1 on. */
    part: integer('part').notNull(),
    bytes: bytes('bytes').notNull(),
  },
  (table) => [primaryKey({ columns: [table.index, table.part] })],
);

/** What the cluster keeps for this chain: the truth of what is there, and of what still has to be made whole or deleted. */
export const blobs = sqliteTable(
  'blobs',
  {
    /** Names the blob at its nodes; of random bytes. */
    id: bytes('id').primaryKey(),
    kind: text('kind', { enum: ['attachment', 'segment'] }).notNull(),
    /** SHA-256 of the blob's bytes, which names it to readers. */
    hash: bytes('hash').notNull(),
    size: integer('size').notNull(),
    descriptor: bytes('descriptor').notNull(),
    /** Number of the placement that it lies by. */
    placement: integer('placement').notNull(),
    /** Number of the placement that it was written by, where that is another: keys of its shards say that one. */
    writtenBy: integer('written_by'),
    /** One bit a shard, the first shard the lowest of the first byte: those that its nodes do not have. */
    missing: bytes('missing').notNull(),
    expiresAt: integer('expires_at').notNull(),
    /** `inconsistent` can be read by nobody, and is kept as it is until its time is up. */
    status: text('status', { enum: ['kept', 'inconsistent'] }).notNull(),
    /** What proves that it is inconsistent. */
    evidence: bytes('evidence'),
  },
  (table) => [index('blobs_hash').on(table.hash), index('blobs_expires_at').on(table.expiresAt)],
);

/** Blobs with shards that are missing, each until all are there again: the queue of the repair. */
export const repairs = sqliteTable(
  'repairs',
  {
    id: bytes('id').primaryKey(),
    attempt: integer('attempt').notNull().default(0),
    dueAt: integer('due_at').notNull(),
  },
  (table) => [index('repairs_due_at').on(table.dueAt)],
);

/** Copies of shards that lie where their blob lay before, until their nodes have deleted them. */
export const leftovers = sqliteTable(
  'leftovers',
  {
    id: bytes('id').notNull(),
    node: text('node').notNull(),
    shard: integer('shard').notNull(),
    /** Number of the placement that its keys say. */
    writtenBy: integer('written_by').notNull(),
    parts: integer('parts').notNull(),
    attempt: integer('attempt').notNull().default(0),
    dueAt: integer('due_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.id, table.node, table.shard] }), index('leftovers_due_at').on(table.dueAt)],
);

/** Attachments on their way in, by who sends them. Gone an hour after the last progress. */
export const uploads = sqliteTable(
  'uploads',
  {
    hash: bytes('hash').notNull(),
    actor: bytes('actor').notNull(),
    /** Of the blob that it becomes. */
    id: bytes('id').notNull(),
    size: integer('size').notNull(),
    placement: integer('placement').notNull(),
    blobExpiresAt: integer('blob_expires_at').notNull(),
    /** Raised by each request that goes on with it: the one before stores nothing any more. */
    turn: integer('turn').notNull(),
    /** Rows of parts that are stored. */
    rows: integer('rows').notNull(),
    /** SHA-256 of each part that is stored, row by row, for whoever reads it back. */
    partHashes: bytes('part_hashes').notNull(),
    missing: bytes('missing').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.hash, table.actor] }), index('uploads_expires_at').on(table.expiresAt)],
);
