import { describe, expect, it, vi } from 'vitest';
import {
  CELL_BYTES,
  concatBytes,
  DAY_MS,
  equalBytes,
  err,
  faultsBorneBy,
  LARGE_CELL_BYTES,
  ok,
  sha256,
} from '../../../core/index.ts';
import {
  BlobWriter,
  parseShardPartKey,
  partCount,
  readBlob,
  READING_RESERVE_BYTES,
  readBlobRange,
  readRows,
  removeBlob,
  rowCount,
  rowOffset,
  shardPartKey,
  TRANSFER_MEMORY_BYTES,
  TransferMemory,
  writeBlob,
  type BlobReadRefusal,
  type NodeFault,
  type ObjectToKeep,
  type StoredBlob,
  type Timer,
  type WrittenRow,
} from '../../../relay/index.ts';
import { ShardSource } from '../../../relay/cluster/shard-source.ts';
import { windowsOf } from '../../../relay/cluster/stripe-window.ts';
import { WindowFetch } from '../../../relay/cluster/window-fetch.ts';
import { CHAIN, choicesOf, newId, someBytes } from './test-cluster.ts';
import { TestCluster } from './test-cluster.workerd.ts';
import { changeShard, damages, store } from './stored-blobs.ts';

/** More than one stripe of 4 of 6. */
const BLOB_BYTES = 5 * CELL_BYTES + 77;
/** Of a blob with large cells, of 4 of 6. */
const ROW_BYTES = 8 * 4 * LARGE_CELL_BYTES;

/** Reads all of it and compares. */
async function expectRead(
  cluster: TestCluster,
  blob: StoredBlob,
  bytes: Uint8Array,
  damaged: (shard: number) => void = () => undefined,
): Promise<void> {
  const read = await readBlobRange(cluster, blob, { start: 0, end: bytes.length }, { damaged });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  expect(equalBytes(read.value, bytes)).toBe(true);
}

async function refusalOf(cluster: TestCluster, blob: StoredBlob): Promise<BlobReadRefusal> {
  const got = await readBlobRange(cluster, blob, { start: 0, end: blob.descriptor.layout.blobBytes });
  if (got.ok) throw new Error('it was read');
  return got.error;
}

function timerOver(over: Promise<void>): Timer {
  return { over, cancel: () => undefined };
}

describe('the key of a part', () => {
  it('[SC8] names chain, blob, placement, shard and part, and nothing else is one', () => {
    const place = { chain: CHAIN, id: newId(), placement: 7, shard: 63, part: 12 };
    const key = shardPartKey(place);
    expect(parseShardPartKey(key)).toEqual(place);
    for (const other of [
      `${key}/1`,
      key.replace('c/', 'd/'),
      key.replace('/63/', '/64/'),
      key.replace('/7/', '/07/'),
      'c',
    ]) {
      expect(parseShardPartKey(other)).toBeUndefined();
    }
  });
});

describe('writing a blob', () => {
  it('[SC5] [SC8] [SC9] puts one object for each shard of a small one at the node that the placement says', async () => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(BLOB_BYTES);
    const { blob, missing } = await store(cluster, bytes);
    expect(missing).toEqual([]);
    for (let shard = 0; shard < 6; shard++) {
      expect(await cluster.nodeOf(blob.id, shard).keys()).toEqual([shardPartKey({ ...blob, shard, part: 0 })]);
    }
    await expectRead(cluster, blob, bytes);
  });

  it('[SC9] cuts a large one at its stripes, with the tail in a part of its own, and ranges ask for no more than they need', async () => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(17_000_000);
    const { blob } = await store(cluster, bytes, { pieceBytes: 100_003 });
    const { layout } = blob.descriptor;
    // Of three, the last is read into memory of the first.
    expect(rowCount(layout)).toBe(3);
    expect(rowOffset(layout, 1)).toBe(8 * 4 * LARGE_CELL_BYTES);
    expect(await cluster.nodeOf(blob.id, 5).keys()).toHaveLength(partCount(layout));
    await expectRead(cluster, blob, bytes);
    for (const node of cluster.nodes) node.calls.length = 0;
    const start = 3 * LARGE_CELL_BYTES + 5;
    const range = await readBlobRange(cluster, blob, { start, end: start + 10 });
    expect(range.ok && range.value).toEqual(bytes.slice(start, start + 10));
    const calls = cluster.nodes.flatMap((node) => node.calls);
    expect(calls.sort()).toEqual(
      [
        `get ${shardPartKey({ ...blob, shard: 3, part: 3 })}`,
        `range ${shardPartKey({ ...blob, shard: 3, part: 0 })} 0+${LARGE_CELL_BYTES}`,
      ].sort(),
    );
  });

  it('[SC5] is refused with the count that is needed where f + 1 nodes are dead, and is written under the same keys later', async () => {
    const cluster = new TestCluster(4, 6);
    cluster.kill([1, 4]);
    const bytes = someBytes(BLOB_BYTES);
    const to = { chain: CHAIN, id: newId(), blobBytes: bytes.length, expiresAt: Date.now() + DAY_MS };
    const refused = await writeBlob(cluster, to, [bytes]);
    expect(refused).toEqual({ ok: false, error: { code: 'unavailable', needed: 5, found: 4 } });
    // A slow node may delete later than it is asked, and so what was written meanwhile.
    expect(cluster.nodes.flatMap(({ calls }) => calls).filter((call) => call.startsWith('delete'))).toEqual([]);
    cluster.kill([]);
    expect((await writeBlob(cluster, to, [bytes])).ok).toBe(true);
    for (const node of cluster.nodes) expect(await node.keys()).toHaveLength(1);
  });

  it('[SC10] counts no node that it does not ask any more', async () => {
    const cluster = new TestCluster(4, 6);
    const to = { chain: CHAIN, id: newId(), placement: 1, blobBytes: 1_000, expiresAt: Date.now() + DAY_MS };
    cluster.nodeOf(to.id, 5).isDead = true;
    const writer = new BlobWriter(cluster, to, { missing: [2] });
    await writer.write(someBytes(1_000));
    expect(await writer.finish()).toEqual({ ok: false, error: { code: 'unavailable', needed: 5, found: 4 } });
  });

  it('[SC10] does not wait for a node that hangs once enough have answered, and says that its shard is missing', async () => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(1_000);
    const id = newId();
    cluster.startTimer = () => timerOver(Promise.resolve());
    cluster.nodeOf(id, 2).hold = new Promise(() => undefined);
    const written = await writeBlob(
      cluster,
      { chain: CHAIN, id, blobBytes: bytes.length, expiresAt: Date.now() + DAY_MS },
      [bytes],
    );
    expect(written.ok && written.value.missing).toEqual([2]);
  });

  it('[SC9] [SC10] fills no part anew that a node may still be reading, and asks that node for no other', async () => {
    const cluster = new TestCluster(2, 4);
    const id = newId();
    for (const node of cluster.nodes) node.put = () => Promise.resolve(ok(undefined));
    const sent: ObjectToKeep[] = [];
    cluster.nodeOf(id, 3).put = (_, object) => {
      sent.push(object);
      return new Promise(() => undefined);
    };
    cluster.startTimer = () => timerOver(Promise.resolve());
    const rows = [1, 2, 3].map((row) => new Uint8Array(2 * 3 * 1_048_576).fill(row));
    const blobBytes = rows.reduce((sum, { length }) => sum + length, 0);
    const written = await writeBlob(cluster, { chain: CHAIN, id, blobBytes, expiresAt: Date.now() + DAY_MS }, rows);
    expect(written.ok && written.value.missing).toEqual([3]);
    expect(sent.map(({ bytes }) => sha256(bytes))).toEqual([sent[0]?.sha256]);
    // Who goes on behind the first row sends that row to nobody, and nothing to who lacks it.
    const asked: string[] = [];
    for (const node of cluster.nodes) node.put = async (key) => ok(void asked.push(key));
    const to = { chain: CHAIN, id, placement: 1, blobBytes, expiresAt: Date.now() + DAY_MS };
    const writer = new BlobWriter(cluster, to, { storedRows: 1, missing: [2] });
    for (const row of rows) await writer.write(row);
    const resumed = await writer.finish();
    expect(resumed.ok && resumed.value.missing).toEqual([2]);
    const keys = [0, 1, 3].flatMap((shard) => [1, 2, 3].map((part) => shardPartKey({ ...to, shard, part })));
    expect(asked.sort()).toEqual(keys.sort());
  });

  it('passes the failure of a source that breaks off on, once nothing is on its way to a node any more', async () => {
    const cluster = new TestCluster(4, 6);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(someBytes(8_700_000));
      throw new Error('cut');
    }
    const to = { chain: CHAIN, id: newId(), blobBytes: 9_000_000, expiresAt: Date.now() + DAY_MS };
    await expect(writeBlob(cluster, to, broken())).rejects.toThrow('cut');
    for (const { calls } of cluster.nodes) expect(calls.filter((call) => call.startsWith('put '))).toHaveLength(1);
    for (const node of cluster.nodes) expect(await node.keys()).toHaveLength(1);
  });
});

describe('removing a blob', () => {
  it('deletes all parts, and says which shards may still be there', async () => {
    const cluster = new TestCluster(4, 6);
    const { blob } = await store(cluster, someBytes(BLOB_BYTES));
    for (const shard of [3, 5]) cluster.nodeOf(blob.id, shard).isDead = true;
    expect(await removeBlob(cluster, { ...blob, blobBytes: BLOB_BYTES })).toEqual([3, 5]);
    cluster.kill([]);
    expect(await removeBlob(cluster, { ...blob, blobBytes: BLOB_BYTES })).toEqual([]);
    for (const node of cluster.nodes) expect(await node.keys()).toEqual([]);
  });
});

describe('reading a blob', () => {
  it.each([
    [4, 6],
    [3, 7],
  ])(
    '[SC2] %i of %i: gives every byte whichever f nodes were dead at writing and other f are at reading',
    async (k, n) => {
      const f = faultsBorneBy(n);
      const cluster = new TestCluster(k, n);
      const bytes = someBytes(700);
      // A few of the choices; `npm run test:long` makes all of them.
      const some = choicesOf(n, f).filter((_, index) => index % 5 === 0);
      for (const dead of some) {
        cluster.kill(dead);
        const { blob } = await store(cluster, bytes);
        for (const others of some) {
          cluster.kill(others);
          await expectRead(cluster, blob, bytes);
        }
      }
    },
  );

  it.each(Object.keys(damages))('[BL5] [SC12] takes f shards that are %s as missing, and says which', async (name) => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(BLOB_BYTES);
    const { blob } = await store(cluster, bytes);
    const { blob: other } = await store(cluster, someBytes(BLOB_BYTES, 2));
    await damages[name]!(cluster, blob, 1, other);
    const reported: number[] = [];
    await expectRead(cluster, blob, bytes, (shard) => reported.push(shard));
    expect(reported).toEqual([1]);
  });

  it('[SC12] says that a node does not have a shard only where the node says so', async () => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(1_000);
    const { blob } = await store(cluster, bytes);
    const node = cluster.nodeOf(blob.id, 1);
    const faults: readonly (readonly [NodeFault, readonly number[]])[] = [
      [{ code: 'not-found' }, [1]],
      [{ code: 'corrupt' }, [1]],
      [{ code: 'refused', reason: 'range' }, [1]],
      [{ code: 'refused', reason: 'not-allowed' }, []],
      [{ code: 'unavailable', reason: 'timeout' }, []],
    ];
    for (const [fault, expected] of faults) {
      node.get = () => Promise.resolve(err(fault));
      const reported: number[] = [];
      await expectRead(cluster, blob, bytes, (shard) => reported.push(shard));
      expect(reported, JSON.stringify(fault)).toEqual(expected);
    }
  });

  it('[SC11] past the bound is unavailable with the count that is needed, and is there again when the node is', async () => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(BLOB_BYTES);
    const { blob } = await store(cluster, bytes);
    cluster.kill([0, 2, 5]);
    expect(await refusalOf(cluster, blob)).toEqual({ code: 'unavailable', needed: 4, found: 3 });
    cluster.kill([0, 2]);
    await expectRead(cluster, blob, bytes);
  });

  it('[SC11] asks k nodes while they answer, and others for one that is late', async () => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(BLOB_BYTES);
    const { blob } = await store(cluster, bytes);
    for (const node of cluster.nodes) node.calls.length = 0;
    // In the time of a hedge a busy machine may answer late itself.
    cluster.startTimer = () => timerOver(new Promise(() => undefined));
    await expectRead(cluster, blob, bytes);
    expect(cluster.nodes.filter(({ calls }) => calls.length > 0)).toHaveLength(4);
    cluster.startTimer = () => timerOver(Promise.resolve());
    cluster.nodeOf(blob.id, 0).hold = new Promise(() => undefined);
    await expectRead(cluster, blob, bytes);
  });

  it('[BL6] survives more damaged cells than f, where each stripe has enough good ones', async () => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(3 * 4 * CELL_BYTES);
    const { blob } = await store(cluster, bytes);
    for (const shard of [0, 1, 2]) {
      await changeShard(cluster, blob, shard, (part) => {
        part[shard * CELL_BYTES + 9]! ^= 1;
        return part;
      });
    }
    await expectRead(cluster, blob, bytes);
  });

  it('[SC11] asks a node that hangs once, and not again for what comes after', async () => {
    const cluster = new TestCluster(4, 6);
    const { blob } = await store(cluster, someBytes(BLOB_BYTES));
    const [window] = windowsOf(blob.descriptor.layout, { start: 0, end: BLOB_BYTES });
    const hanging = cluster.nodeOf(blob.id, 2);
    hanging.hold = new Promise(() => undefined);
    hanging.calls.length = 0;
    const source = new ShardSource(cluster, blob, {});
    for (let windows = 0; windows < 3; windows++) {
      const fetch = new WindowFetch(source, window!);
      await fetch.ready;
      expect(fetch.cellsOf(0, new Set()).size).toBe(4);
    }
    expect(hanging.calls).toHaveLength(1);
  });

  it('[UP3] [SC11] reads back what was begun without waiting for a node that hangs', async () => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(BLOB_BYTES);
    const [id, hashes] = [newId(), [] as Uint8Array[]];
    const place = { chain: CHAIN, id, placement: 1, blobBytes: bytes.length };
    const writer = new BlobWriter(
      cluster,
      { ...place, expiresAt: Date.now() + DAY_MS },
      { onRow: async (row) => void hashes.push(...row.hashes) },
    );
    await writer.write(bytes);
    await writer.finish();
    cluster.nodeOf(id, 0).hold = new Promise(() => undefined);
    const read: Uint8Array[] = [];
    for await (const piece of readRows(cluster, { ...place, rows: 1, partHashes: concatBytes(...hashes) })) {
      if (piece.ok) read.push(piece.value);
    }
    expect(equalBytes(concatBytes(...read).subarray(0, bytes.length), bytes)).toBe(true);
  });

  it('[UP3] reads back all of a blob that lacks its tail alone, also where a node has other bytes of a row', async () => {
    const cluster = new TestCluster(2, 16);
    // A row, and a stripe that its shards don't fill alike.
    const bytes = someBytes(12 * 2 * CELL_BYTES + 5);
    const hashes: Uint8Array[] = [];
    const place = { chain: CHAIN, id: newId(), placement: 1, blobBytes: bytes.length };
    const [to, onRow] = [
      { ...place, expiresAt: Date.now() + DAY_MS },
      async (row: WrittenRow) => void hashes.push(...row.hashes),
    ];
    const writer = new BlobWriter(cluster, to, { onRow });
    await writer.write(bytes);
    await writer.finish();
    const other = { bytes: someBytes(3), sha256: sha256(someBytes(3)), expiresAt: to.expiresAt };
    await cluster.nodeOf(place.id, 0).put(shardPartKey({ ...place, shard: 0, part: 1 }), other);
    const read: Uint8Array[] = [];
    for await (const piece of readRows(cluster, { ...place, rows: 2, partHashes: concatBytes(...hashes) })) {
      if (piece.ok) read.push(piece.value);
    }
    expect(equalBytes(concatBytes(...read), bytes)).toBe(true);
  });

  it('takes any range, whole and in pieces', async () => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(BLOB_BYTES);
    const { blob } = await store(cluster, bytes);
    cluster.kill([3]);
    for (const [start, end] of [
      [0, 0],
      [0, 1],
      [CELL_BYTES - 1, CELL_BYTES + 1],
      [BLOB_BYTES - 78, BLOB_BYTES],
      [4 * CELL_BYTES - 3, 4 * CELL_BYTES + 3],
    ] as const) {
      const range = await readBlobRange(cluster, blob, { start, end });
      expect(range.ok && range.value).toEqual(bytes.slice(start, end));
    }
    const pieces = [];
    for await (const piece of readBlob(cluster, blob, { start: 0, end: BLOB_BYTES })) pieces.push(piece.ok);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.every((isOk) => isOk)).toBe(true);
  });
});

describe('the memory of transfers', () => {
  it('[UP7] has a last part that only readings get, and is as much as before once all is given back', () => {
    const memory = new TransferMemory();
    const most = TRANSFER_MEMORY_BYTES - READING_RESERVE_BYTES;
    expect([memory.take(most + 1), memory.take(most), memory.take(1)]).toEqual([false, true, false]);
    expect([memory.takeForReading(READING_RESERVE_BYTES), memory.takeForReading(1)]).toEqual([true, false]);
    memory.give(TRANSFER_MEMORY_BYTES);
    expect(memory.free).toBe(TRANSFER_MEMORY_BYTES);
  });

  it('[UP7] is a row at a time where there is enough of it, and where there is none a stripe, with the same bytes', async () => {
    const cluster = new TestCluster(4, 6);
    const bytes = someBytes(3 * 4 * CELL_BYTES + 5);
    const { blob } = await store(cluster, bytes);
    const countsOf = async (): Promise<number> => {
      for (const node of cluster.nodes) node.calls.length = 0;
      await expectRead(cluster, blob, bytes);
      return cluster.nodes.filter(({ calls }) => calls.some((call) => call.startsWith('range'))).length;
    };
    expect(await countsOf()).toBe(0);
    const most = TRANSFER_MEMORY_BYTES - READING_RESERVE_BYTES;
    cluster.memory.take(most);
    expect(await countsOf()).toBeGreaterThan(0);
    cluster.memory.give(most);
    expect(cluster.memory.free).toBe(TRANSFER_MEMORY_BYTES);
  });

  it('[UP7] is free again after a reading that was given up, and after one that failed', async () => {
    const cluster = new TestCluster(4, 6);
    const { blob } = await store(cluster, someBytes(BLOB_BYTES));
    const reading = readBlob(cluster, blob, { start: 0, end: BLOB_BYTES });
    await reading.next();
    expect(cluster.memory.free).toBeLessThan(TRANSFER_MEMORY_BYTES);
    await reading.return();
    cluster.kill([0, 1, 2]);
    await refusalOf(cluster, blob);
    // Nor does it wait for a reader who asks on after a refusal.
    expect((await readBlob(cluster, blob, { start: 0, end: BLOB_BYTES }).next()).value).toMatchObject({ ok: false });
    await vi.waitFor(() => expect(cluster.memory.free).toBe(TRANSFER_MEMORY_BYTES), { timeout: 30_000 });
  });

  it('[SC9] [UP7] lets a writer fill a row while the one before is on its way only where there is enough for two', async () => {
    const cluster = new TestCluster(4, 6);
    const holdNodes = (): (() => void) => {
      let letGo: () => void = () => undefined;
      const hold = new Promise<void>((resolve) => (letGo = resolve));
      for (const node of cluster.nodes) node.hold = hold;
      return letGo;
    };
    const to = { chain: CHAIN, id: newId(), placement: 1, blobBytes: 2 * ROW_BYTES, expiresAt: Date.now() + DAY_MS };
    const writer = new BlobWriter(cluster, to);
    const letGo = holdNodes();
    await writer.write(new Uint8Array(ROW_BYTES));
    letGo();
    await writer.idle();

    const most = TRANSFER_MEMORY_BYTES - READING_RESERVE_BYTES;
    cluster.memory.take(most);
    const letGoOfSecond = holdNodes();
    let isTaken = false;
    const second = writer.write(new Uint8Array(ROW_BYTES)).then(() => (isTaken = true));
    await vi.waitFor(() => expect(cluster.nodes.every(({ calls }) => calls.length === 2)).toBe(true), {
      timeout: 30_000,
    });
    expect(isTaken).toBe(false);
    letGoOfSecond();
    await second;
    cluster.memory.give(most);
    expect((await writer.finish()).ok).toBe(true);
    await vi.waitFor(() => expect(cluster.memory.free).toBe(TRANSFER_MEMORY_BYTES), { timeout: 30_000 });
  });
});
