import { decode, opaque, struct, version, type Decoded, type DecodeRefusal } from '../codec/index.ts';
import { HASH_BYTES } from '../merkle/index.ts';
import { err, type Result } from '../result.ts';
import { blobLayout, isBlobLayout, type BlobLayout } from './layout.ts';

/** All that is needed to tell whether shards are a blob's, and to read it (`BL4`). Kept by whoever wrote the blob. */
export const blobDescriptor = struct('BlobDescriptor', {
  version: version(1),
  layout: blobLayout,
  root: opaque(HASH_BYTES),
});

/** What `blobDescriptor` encodes. */
export type BlobDescriptor = Decoded<typeof blobDescriptor>;

/** The descriptor of a blob of this layout under this root. */
export function describeBlob(layout: BlobLayout, root: Uint8Array): BlobDescriptor {
  return { version: 1, layout, root };
}

/** Refuses what is no descriptor, or of a layout that no blob has (`BL1`). */
export function parseBlobDescriptor(bytes: Uint8Array): Result<BlobDescriptor, DecodeRefusal> {
  const parsed = decode(blobDescriptor, bytes);
  if (!parsed.ok || isBlobLayout(parsed.value.layout)) return parsed;
  return err({ code: 'malformed', reason: 'out-of-range', offset: LAYOUT_OFFSET });
}

/** The layout follows the version. */
const LAYOUT_OFFSET = 2;
