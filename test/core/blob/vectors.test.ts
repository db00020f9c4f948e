import { expect, test } from 'vitest';
import { bodyBytes, fromHex, nodesFor, parseBlobDescriptor, shardObjectBytes, toHex } from '../../../core/index.ts';
import type { BlobVector, PlacementVector } from '../../../scripts/vectors/blobs.ts';
import { readVectors } from '../../vectors/read-vectors.ts';
import { codeOf, naiveBlob, readFrom, storeBlob } from './blobs.ts';

const { blobs, placements } = readVectors<{ blobs: BlobVector[]; placements: PlacementVector[] }>('blobs');
const bytesOf = (hex: string) => fromHex(hex)!;

test.each(
  blobs.map(
    (vector) => [`${vector.dataShards} of ${vector.totalShards}, ${vector.blob.length / 2} bytes`, vector] as const,
  ),
)(
  '[BL2, BL3, BL4] the vector of %s is what is written, and what is read',
  (_name, { dataShards, totalShards, cellBytes, blob, descriptor, shards }) => {
    const parsed = parseBlobDescriptor(bytesOf(descriptor));
    if (!parsed.ok) throw new Error(parsed.error.reason);
    const code = codeOf(dataShards, totalShards);
    const written = storeBlob(code, bytesOf(blob), cellBytes);
    expect(written.descriptor).toEqual(parsed.value);
    expect(written.shards.map(toHex)).toEqual(shards);
    const { layout, root } = parsed.value;
    const naive = naiveBlob(bytesOf(blob), { dataShards, totalShards }, cellBytes);
    expect(toHex(naive.root)).toBe(toHex(root));
    expect(shards.map((shard) => shard.slice(0, 2 * bodyBytes(layout)))).toEqual(
      naive.bodies.map((body) => toHex(body)),
    );
    expect(new Set(shards.map((shard) => shard.length / 2))).toEqual(new Set([shardObjectBytes(layout)]));
    const last = shards.map((_, index) => index).slice(-dataShards);
    expect(toHex(readFrom(code, { descriptor: parsed.value, shards: shards.map(bytesOf) }, last).bytes)).toBe(blob);
  },
);

test.each(placements)('[SC4] the shards of $key lie where the vector has them, on $slots', ({ slots, key, nodes }) => {
  expect(nodesFor({ version: 1, number: 1, dataShards: 2, slots }, bytesOf(key))).toEqual(nodes);
});
