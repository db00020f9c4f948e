import {
  BlobEncoder,
  blobDescriptor,
  checkCluster,
  encode,
  ErasureCode,
  foundPlacement,
  loadPortableKernel,
  nodesFor,
  toHex,
  utf8ToBytes,
} from '../../core/index.ts';

/** A blob, and what every writer makes of it. */
export interface BlobVector {
  readonly dataShards: number;
  readonly totalShards: number;
  readonly cellBytes: number;
  readonly blob: string;
  readonly descriptor: string;
  /** Cells and tail of each. */
  readonly shards: readonly string[];
}

/** Where the shards of a key go, by their index, in a placement of these slots. */
export interface PlacementVector {
  readonly slots: readonly string[];
  readonly key: string;
  readonly nodes: readonly string[];
}

/** Blobs of less than a cell each, of one stripe, and of several, the last of them with cells that padding fills. */
export function blobVectors(): BlobVector[] {
  return [
    blobVector(1, [2, 4], 64),
    blobVector(48, [4, 6], 65_536),
    blobVector(256, [4, 6], 64),
    blobVector(261, [4, 6], 64),
    blobVector(777, [3, 7], 128),
  ];
}

/** The keys are text. */
export function placementVectors(): PlacementVector[] {
  const names = ['north', 'east', 'south', 'west', 'up', 'down', 'in'];
  return [4, 6, 7].flatMap((count) => ['', 'a', 'terachat'].map((key) => placementVector(names.slice(0, count), key)));
}

function blobVector(blobBytes: number, [dataShards, totalShards]: [number, number], cellBytes: number): BlobVector {
  const blob = Uint8Array.from({ length: blobBytes }, (_, i) => (i * 151) ^ (i >> 3));
  const code = new ErasureCode(loadPortableKernel(), { dataShards, totalShards });
  const encoder = new BlobEncoder(code, blobBytes, cellBytes);
  const bodies = Array.from({ length: totalShards }, (): string[] => []);
  for (const { cells } of encoder.write(blob)) {
    for (const [index, cell] of cells.entries()) bodies[index]?.push(toHex(cell));
  }
  const { descriptor, tails } = encoder.finish();
  const shards = bodies.map((body, index) => [...body, toHex(tails[index] as Uint8Array)].join(''));
  return {
    dataShards,
    totalShards,
    cellBytes,
    blob: toHex(blob),
    descriptor: toHex(encode(blobDescriptor, descriptor)),
    shards,
  };
}

function placementVector(slots: readonly string[], key: string): PlacementVector {
  const nodes = slots.map((name) => ({ name, domain: name }));
  const checked = checkCluster({ nodes, dataShards: 2, allowsSharedDomains: false });
  if (!checked.ok) throw new Error(checked.error.title);
  return { slots, key: toHex(utf8ToBytes(key)), nodes: nodesFor(foundPlacement(checked.value), utf8ToBytes(key)) };
}
