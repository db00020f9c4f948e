import { describe, expect, it } from 'vitest';
import { equalBytes, faultsBorneBy } from '../../core/index.ts';
import { readBlobRange, type StoredBlob } from '../../relay/index.ts';
import { damages, store } from '../relay/cluster/stored-blobs.workerd.ts';
import { choicesOf, DAY_MS, someBytes, TestCluster } from '../relay/cluster/test-cluster.workerd.ts';

const BLOB_BYTES = 700;
const AT_A_TIME = 24;
/** More than these are made of a part of the choices, another part each day. */
const MOST_READS = 500;
const MOST_DAMAGED = 12;
const codes = [
  [4, 6],
  [3, 7],
  [5, 9],
  [4, 10],
] as const;

async function isRead(cluster: TestCluster, blob: StoredBlob, bytes: Uint8Array): Promise<boolean> {
  const read = await readBlobRange(cluster, blob, { start: 0, end: bytes.length });
  return read.ok && equalBytes(read.value, bytes);
}

/** How many of the blobs do not come back whole. */
async function countLost(cluster: TestCluster, blobs: readonly StoredBlob[], bytes: Uint8Array): Promise<number> {
  let lost = 0;
  for (let start = 0; start < blobs.length; start += AT_A_TIME) {
    const read = await Promise.all(blobs.slice(start, start + AT_A_TIME).map((blob) => isRead(cluster, blob, bytes)));
    lost += read.filter((isWhole) => !isWhole).length;
  }
  return lost;
}

/** One of `step`, which one by the day. */
function partOf<T>(all: readonly T[], step: number): T[] {
  const first = Math.floor(Date.now() / DAY_MS) % step;
  return all.filter((_, index) => index % step === first);
}

describe.each(codes)('%i of %i', (k, n) => {
  const f = faultsBorneBy(n);
  const bytes = someBytes(BLOB_BYTES);

  it('[SC2] [SC5] gives every byte for every choice of f nodes dead at writing and every other at reading', async () => {
    const cluster = new TestCluster(k, n);
    const choices = choicesOf(n, f);
    const blobs: StoredBlob[] = [];
    for (const dead of choices) {
      cluster.kill(dead);
      blobs.push((await store(cluster, bytes)).blob);
    }
    const atReading = partOf(choices, Math.ceil(choices.length ** 2 / MOST_READS));
    for (const dead of atReading) {
      cluster.kill(dead);
      expect(await countLost(cluster, blobs, bytes), `${dead.join()} are dead`).toBe(0);
    }
    console.log(
      `${k} of ${n}: ${choices.length} blobs, ${choices.length * atReading.length} reads, from choice ${choices.indexOf(atReading[0]!)} on`,
    );
  });

  it.each(Object.keys(damages))('[BL5] gives every byte with any f shards %s', async (name) => {
    const cluster = new TestCluster(k, n);
    const { blob: other } = await store(cluster, someBytes(BLOB_BYTES, 2));
    const choices = choicesOf(n - 1, f);
    for (const shards of partOf(choices, Math.ceil(choices.length / MOST_DAMAGED))) {
      const { blob } = await store(cluster, bytes);
      for (const shard of shards) await damages[name]!(cluster, blob, shard, other);
      expect(await isRead(cluster, blob, bytes), `shards ${shards.join()}`).toBe(true);
    }
  });

  it('[SC11] is unavailable with the count that is needed once one more is dead than may be, and back when that one is', async () => {
    const cluster = new TestCluster(k, n);
    const { blob } = await store(cluster, bytes);
    for (const dead of choicesOf(n, n - k + 1)) {
      cluster.kill(dead);
      const read = await readBlobRange(cluster, blob, { start: 0, end: bytes.length });
      expect(!read.ok && read.error).toEqual({ code: 'unavailable', needed: k, found: k - 1 });
      cluster.kill(dead.slice(1));
      expect(await isRead(cluster, blob, bytes)).toBe(true);
    }
  });
});
