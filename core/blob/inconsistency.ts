import { opaque, optional, struct, uint32, uint8, vector, version, type Decoded } from '../codec/index.ts';
import { HASH_BYTES } from '../merkle/index.ts';
import type { BlobDescriptor } from './descriptor.ts';
import { MAX_BLOB_SHARDS } from './layout.ts';

/**
 * What shows that whoever wrote a blob committed to shards that are not of one blob: computed from some of them, all good,
 * another comes out otherwise (`BL8`). Whoever has the shards named in `from` can compute it again.
 */
export const inconsistencyEvidence = struct('InconsistencyEvidence', {
  version: version(1),
  /** The root of the blob. */
  root: opaque(HASH_BYTES),
  from: vector(uint8, MAX_BLOB_SHARDS),
  /** The one that comes out otherwise. */
  shard: uint8,
  /** Where hashes of one cell differ; without it they are those of the whole shard. */
  stripe: optional(uint32),
  committed: opaque(HASH_BYTES),
  computed: opaque(HASH_BYTES),
});

/** What `inconsistencyEvidence` encodes. */
export type InconsistencyEvidence = Decoded<typeof inconsistencyEvidence>;

/** Readers could get different bytes from the same good shards, so none gets any. */
export interface InconsistentBlob {
  readonly code: 'inconsistent-blob';
  readonly evidence: InconsistencyEvidence;
}

/** The refusal, with copies of what it shows. */
export function inconsistency(
  { root }: BlobDescriptor,
  { from, shard, stripe, committed, computed }: Omit<InconsistencyEvidence, 'version' | 'root'>,
): InconsistentBlob {
  const hashes = { root: root.slice(), committed: committed.slice(), computed: computed.slice() };
  return { code: 'inconsistent-blob', evidence: { version: 1, from: from.slice(), shard, stripe, ...hashes } };
}
