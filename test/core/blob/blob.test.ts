import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BlobEncoder,
  BlobReader,
  bodyBytes,
  concatBytes,
  decodeTrusted,
  encode,
  parseShardTail,
  RebuiltShard,
  shardTail,
  stripeCount,
  wholeStripe,
  type DamageReason,
} from '../../../core/index.ts';
import {
  blobCase,
  cellsOf,
  choicesOf,
  codeOf,
  naiveBlob,
  openReader,
  readFrom,
  someBytes,
  storeBlob,
} from './blobs.ts';

/** The codes that clusters have by default, with the faults that each bears. */
const codes = [
  [4, 6, 1],
  [3, 7, 2],
  [5, 9, 2],
  [4, 10, 3],
] as const;

function goThrough(encoder: BlobEncoder, bytes: Uint8Array): void {
  for (const { cells } of encoder.write(bytes)) expect(cells).toHaveLength(encoder.layout.totalShards);
}

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('encoding', () => {
  test('[BL2, BL3, BL4, BL11] in whatever pieces a blob comes, shards and root are those of the rules', () => {
    fc.assert(
      fc.property(blobCase, ({ shape, blobBytes, pieces }) => {
        const blob = someBytes(blobBytes);
        const code = codeOf(shape.dataShards, shape.totalShards);
        const { descriptor, shards } = storeBlob(code, blob, shape.cellBytes, pieces);
        const { bodies, root } = naiveBlob(blob, shape, shape.cellBytes);
        expect(Buffer.compare(descriptor.root, root)).toBe(0);
        for (const [index, body] of bodies.entries()) {
          expect(Buffer.compare(shards[index]!.subarray(0, body.length), body)).toBe(0);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('[BL11] blobs that come at the same time do not disturb each other, on one kernel', () => {
    const code = codeOf(3, 5);
    const blobs = [1, 2, 3].map((seed) => someBytes(500 + seed, seed));
    const encoders = blobs.map((blob) => new BlobEncoder(code, blob.length, 64));
    for (let at = 0; at < 600; at += 50) {
      for (const [i, encoder] of encoders.entries()) goThrough(encoder, blobs[i]!.subarray(at, at + 50));
    }
    for (const [i, encoder] of encoders.entries()) {
      expect(encoder.finish()).toEqual(sealedAlone(blobs[i]!));
    }
    function sealedAlone(blob: Uint8Array) {
      const alone = new BlobEncoder(codeOf(3, 5), blob.length, 64);
      goThrough(alone, blob);
      return alone.finish();
    }
  });

  test('[BL1] more bytes than were announced, and fewer, are a broken invariant', () => {
    const encoder = new BlobEncoder(codeOf(2, 3), 200, 64);
    expect([...encoder.write(someBytes(199))]).toHaveLength(1);
    expect(() => encoder.finish()).toThrow('not whole');
    expect([...encoder.write(someBytes(1))]).toHaveLength(1);
    expect(() => [...encoder.write(someBytes(1))]).toThrow('no stripe 2');
    expect(() => new BlobEncoder(codeOf(2, 3), 0)).toThrow('is cut so');
  });
});

describe('reading', () => {
  test.each(codes)('[BL7] any %d of %d shards give every byte', (dataShards, totalShards) => {
    const code = codeOf(dataShards, totalShards);
    const blob = someBytes(2 * dataShards * 64 + 77);
    const stored = storeBlob(code, blob, 64);
    const choices = choicesOf(totalShards, dataShards);
    for (const choice of choices) {
      expect(Buffer.compare(readFrom(code, stored, choice).bytes, blob), choice.join()).toBe(0);
    }
    expect(choices.length).toBeGreaterThan(10);
  });

  test('[BL7] fewer are refused with how many are needed, and nothing else is', () => {
    const code = codeOf(4, 6);
    const stored = storeBlob(code, someBytes(1000), 64);
    const { reader } = openReader(code, stored, [0, 1, 5]);
    const part = wholeStripe(stored.descriptor.layout, 1);
    const error = { code: 'too-few-shards', present: 3, needed: 4, erased: [] };
    expect(reader.readPart(part, cellsOf(reader, stored.shards, part, [0, 1, 5]))).toEqual({ ok: false, error });
    expect(reader.readCells(1, cellsOf(reader, stored.shards, part, [0, 1]), [1, 0]).ok).toBe(true);
    expect(() => reader.readCells(1, cellsOf(reader, stored.shards, part, [2]), [2])).toThrow('not open');
    for (const other of [codeOf(3, 6), codeOf(4, 7)]) {
      expect(() => new BlobReader(other, stored.descriptor)).toThrow('of another code');
    }
  });

  test('[BL7, BL9] every range of a blob is what it holds there, whichever shards are lost', () => {
    fc.assert(
      fc.property(blobCase, fc.nat(), fc.nat(), fc.nat(), ({ shape, blobBytes }, a, b, lost) => {
        const code = codeOf(shape.dataShards, shape.totalShards);
        const blob = someBytes(blobBytes);
        const stored = storeBlob(code, blob, shape.cellBytes);
        const choices = choicesOf(shape.totalShards, shape.dataShards);
        const [start, end] = [a % (blobBytes + 1), b % (blobBytes + 1)].sort((x, y) => x - y) as [number, number];
        const { bytes } = readFrom(code, stored, choices[lost % choices.length]!, { start, end });
        expect(Buffer.compare(bytes, blob.subarray(start, end))).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

test('[BL7] what is computed goes to the room that is given, and else to memory of its own', () => {
  const code = codeOf(3, 5);
  const blob = someBytes(500);
  const stored = storeBlob(code, blob, 64);
  const { reader } = openReader(code, stored, [1, 3, 4]);
  const room = new Uint8Array(3 * 64);
  const pieces = [0, 1, 2].map((stripe) => {
    const part = wholeStripe(stored.descriptor.layout, stripe);
    const cells = cellsOf(reader, stored.shards, part, [1, 3, 4]);
    const inRoom = reader.readPart(part, cells, room);
    if (!inRoom.ok) throw new Error(inRoom.error.code);
    expect(inRoom.value.pieces.map(({ buffer }) => buffer === room.buffer)).toEqual([true, false, true]);
    const alone = reader.readPart(part, cells);
    if (!alone.ok) throw new Error(alone.error.code);
    expect(alone.value).toEqual(inRoom.value);
    return Buffer.concat(inRoom.value.pieces);
  });
  expect(Buffer.compare(Buffer.concat(pieces), blob)).toBe(0);
});

describe('damage', () => {
  const code = codeOf(4, 6);
  const blob = someBytes(4 * 64 + 21);
  const stored = storeBlob(code, blob, 64);
  const { layout } = stored.descriptor;
  const body = bodyBytes(layout);

  /** The blob with one shard in place of another. */
  const withShard = (index: number, shard: Uint8Array) => ({ ...stored, shards: stored.shards.with(index, shard) });

  function reasonOf(index: number, shard: Uint8Array): DamageReason | undefined {
    const opened = parseShardTail(shard.subarray(body), stored.descriptor, index);
    return opened.ok ? undefined : opened.error.reason;
  }

  test('[BL5, BL6] each byte of a shard of data or parity, once flipped, is an erasure, and no byte of the blob is another', () => {
    for (const index of [3, 5]) {
      for (let at = 0; at < stored.shards[index]!.length; at++) {
        const shard = stored.shards[index]!.slice();
        shard[at]! ^= 1 << (at % 8);
        const changed = withShard(index, shard);
        const { bytes, erased } = readFrom(code, changed, indexes(6));
        expect(Buffer.compare(bytes, blob), `shard ${index}, byte ${at}`).toBe(0);
        // Parity is not looked at while the data is good, but its tail is.
        if (index < 4 || at >= body) expect([...erased], `shard ${index}, byte ${at}`).toEqual([index]);
        const others = indexes(6).filter((other) => other !== (index + 1) % 6 && other !== (index + 2) % 6);
        expect(() => readFrom(code, changed, others), `shard ${index}, byte ${at}`).toThrow('too-few-shards');
      }
    }
  });

  test('[BL5] shards that are swapped, stale, cut short or too long are none', () => {
    const stale = storeBlob(code, someBytes(blob.length, 2), 64);
    expect(reasonOf(2, stored.shards[2]!)).toBeUndefined();
    expect(reasonOf(2, stored.shards[3]!)).toBe('other-index');
    expect(reasonOf(2, stale.shards[2]!)).toBe('other-blob');
    expect(reasonOf(2, storeBlob(code, someBytes(blob.length + 1), 64).shards[2]!)).toBe('other-layout');
    expect(reasonOf(2, stored.shards[2]!.subarray(0, -1))).toBe('wrong-size');
    expect(reasonOf(2, new Uint8Array([...stored.shards[2]!, 0]))).toBe('wrong-size');
    expect(reasonOf(2, stored.shards[2]!.subarray(0, body))).toBe('wrong-size');
    expect(reasonOf(2, new Uint8Array(stored.shards[2]!.length))).toBe('malformed');
  });

  test('[BL5] a node can not make a shard of its own, whichever hashes it puts beside it', () => {
    const forged = storeBlob(code, someBytes(blob.length, 2), 64);
    const tailOf = ({ shards }: typeof stored) => decodeTrusted(shardTail, shards[2]!.subarray(body));
    const [own, genuine] = [tailOf(forged), tailOf(stored)];
    const withTail = (tail: typeof own) => concatBytes(forged.shards[2]!.subarray(0, body), encode(shardTail, tail));
    expect(reasonOf(2, withTail({ ...own, shardHashes: genuine.shardHashes }))).toBe('wrong-hashes');
    expect(reasonOf(2, withTail({ ...own, header: genuine.header }))).toBe('wrong-hashes');
    expect(reasonOf(2, withTail({ ...genuine, cellHashes: own.cellHashes }))).toBe('wrong-hashes');
    // As long as it has to be, with the hash of a cell more and that of a shard less.
    const cellHashes = concatBytes(genuine.cellHashes, own.cellHashes.subarray(0, 32));
    const shardHashes = genuine.shardHashes.subarray(32);
    expect(reasonOf(2, withTail({ ...genuine, cellHashes, shardHashes }))).toBe('malformed');
    const withItself = genuine.shardHashes.slice();
    withItself.set(own.shardHashes.subarray(64, 96), 64);
    expect(reasonOf(2, withTail({ ...own, shardHashes: withItself }))).toBe('other-blob');
  });

  test('[BL11] what a reader keeps of a tail outlives the memory that it came in', () => {
    const tails = indexes(4).map((index) => stored.shards[index]!.slice(body));
    const reader = new BlobReader(code, stored.descriptor);
    for (const [index, tail] of tails.entries()) {
      expect(reader.openShard(index, tail).ok).toBe(true);
      tail.fill(0);
    }
    const part = wholeStripe(layout, 0);
    expect(reader.readPart(part, cellsOf(reader, stored.shards, part, indexes(4)))).toMatchObject({
      ok: true,
      value: { erased: [] },
    });
    expect(reader.shardHashes.every((byte) => byte === 0)).toBe(false);
  });

  test('[BL6] cells of other stripes, of other lengths and none at all are erasures', () => {
    const { reader } = openReader(code, stored, indexes(6));
    const whole = cellsOf(reader, stored.shards, { stripe: 0 }, [2, 3, 4, 5]);
    const last = cellsOf(reader, stored.shards, { stripe: 1 }, [0]).get(0)!;
    for (const cell of [last, new Uint8Array(0), new Uint8Array(65), stored.shards[1]!.subarray(0, 64)]) {
      const read = reader.readPart(wholeStripe(layout, 0), new Map([...whole, [0, cell]]));
      expect(read).toMatchObject({ ok: true, value: { erased: [0] } });
      if (read.ok) expect(Buffer.compare(Buffer.concat(read.value.pieces), blob.subarray(0, 256))).toBe(0);
    }
  });

  test.each(codes)('[BL5, BL6] a cluster of %d of %d with %d shards damaged in any way gives every byte', (k, n, f) => {
    const cluster = codeOf(k, n);
    const content = someBytes(k * 64 + 9);
    const good = storeBlob(cluster, content, 64);
    const other = storeBlob(cluster, someBytes(content.length, 5), 64);
    const ways: ((index: number) => Uint8Array)[] = [
      (index) => good.shards[index]!.map((byte, at) => (at % 50 === 3 ? byte ^ 0x10 : byte)),
      (index) => good.shards[index]!.map((byte, at) => (at === 1 ? byte ^ 0x80 : byte)),
      (index) => good.shards[index]!.subarray(0, 100),
      (index) => good.shards[(index + 1) % n]!,
      (index) => other.shards[index]!,
      () => new Uint8Array(0),
    ];
    for (const [turn, choice] of choicesOf(n, f).entries()) {
      // Where few can be damaged, each in every way; where there are many choices, in all mixtures of ways.
      for (let more = 0; more < (f === 1 ? ways.length : 1); more++) {
        const damaged = new Map(choice.map((index, i) => [index, ways[(turn + more + i * i) % ways.length]!(index)]));
        const shards = good.shards.map((shard, index) => damaged.get(index) ?? shard);
        expect(Buffer.compare(readFrom(cluster, { ...good, shards }, indexes(n)).bytes, content)).toBe(0);
      }
    }
  });
});

describe('rebuilding', () => {
  test('[BL10] a shard that was lost comes back byte for byte, from any that are enough', () => {
    fc.assert(
      fc.property(blobCase, fc.nat(), fc.nat(), ({ shape, blobBytes }, which, lostOnes) => {
        const code = codeOf(shape.dataShards, shape.totalShards);
        const stored = storeBlob(code, someBytes(blobBytes), shape.cellBytes);
        const choices = choicesOf(shape.totalShards, shape.dataShards);
        const present = choices[which % choices.length]!;
        const missing = indexes(shape.totalShards).filter((index) => !present.includes(index));
        const lost = missing[lostOnes % missing.length]!;
        const { reader } = openReader(code, stored, present);
        const rebuilt = new RebuiltShard(reader, lost);
        const cells: Uint8Array[] = [];
        for (let stripe = 0; stripe < stripeCount(stored.descriptor.layout); stripe++) {
          expect(() => rebuilt.finish()).toThrow('not whole');
          const read = reader.readCells(stripe, cellsOf(reader, stored.shards, { stripe }, present), [lost]);
          if (!read.ok) throw new Error(read.error.code);
          expect(read.value.from).toEqual(present);
          cells.push(read.value.cells[0]!);
          rebuilt.add(read.value.cells[0]!, read.value.from);
        }
        const tail = rebuilt.finish();
        if (!tail.ok) throw new Error(tail.error.code);
        expect(Buffer.compare(Buffer.concat([...cells, tail.value]), stored.shards[lost]!)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test('[BL10] a shard with a cell that is not its own gets no tail', () => {
    const code = codeOf(2, 4);
    const stored = storeBlob(code, someBytes(300), 64);
    const { reader } = openReader(code, stored, [0, 1]);
    const rebuilt = new RebuiltShard(reader, 3);
    for (let stripe = 0; stripe < 3; stripe++) {
      const read = reader.readCells(stripe, cellsOf(reader, stored.shards, { stripe }, [0, 1]), [stripe === 2 ? 2 : 3]);
      if (read.ok) rebuilt.add(read.value.cells[0]!, read.value.from);
    }
    expect(rebuilt.finish()).toMatchObject({ ok: false, error: { code: 'inconsistent-blob' } });
    expect(() => new RebuiltShard(reader, 4)).toThrow('no shard 4');
    expect(() => new BlobReader(code, stored.descriptor).shardHashes).toThrow('no shard is open');
  });
});
