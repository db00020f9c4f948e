export { BlobEncoder, type EncodedStripe } from './blob-encoder.ts';
export { BlobReader, type Cells, type ReadCells, type ReadPart, type StripeRefusal } from './blob-reader.ts';
export { blobDescriptor, parseBlobDescriptor, type BlobDescriptor } from './descriptor.ts';
export { inconsistencyEvidence, type InconsistencyEvidence, type InconsistentBlob } from './inconsistency.ts';
export {
  blobLayout,
  bodyBytes,
  CELL_BYTES,
  cellRange,
  isBlobLayout,
  LARGE_BLOB_BYTES,
  LARGE_CELL_BYTES,
  layOut,
  MAX_BLOB_BYTES,
  MAX_BLOB_SHARDS,
  MAX_STRIPE_BYTES,
  MAX_STRIPES,
  stripeCount,
  stripeRange,
  type BlobLayout,
} from './layout.ts';
export { RebuiltShard } from './rebuilt-shard.ts';
export {
  parseShardTail,
  sealBlob,
  shardHeader,
  shardObjectBytes,
  shardTail,
  tailBytes,
  type DamagedShard,
  type DamageReason,
  type SealedBlob,
  type ShardTail,
} from './shard-tail.ts';
export { stripePartsOf, wholeStripe, type CellSpan, type StripePart } from './stripe-part.ts';
export {
  countFitting,
  MAX_SEGMENT_BYTES,
  MAX_SEGMENT_PAYLOADS,
  packSegment,
  parseSegment,
  segmentCodec,
  type NamedPayload,
  type PackedSegment,
  type PayloadPlace,
} from './segment.ts';
