import { expect, test } from 'vitest';
import {
  bodyBytes,
  cellRange,
  concatBytes,
  decode,
  encode,
  inconsistencyEvidence,
  RebuiltShard,
  sealBlob,
  sha256,
  stripeCount,
  wholeStripe,
} from '../../../core/index.ts';
import { cellsOf, codeOf, openReader, someBytes, storeBlob, type StoredBlob } from './blobs.ts';

const code = codeOf(3, 5);
const blob = someBytes(700);
const good = storeBlob(code, blob, 64);
const LIE = { shard: 3, stripe: 1 };

/** A blob whose writer committed to a cell that is not of the same stripe as the others. */
function lyingBlob(): StoredBlob {
  const { layout } = good.descriptor;
  const bodies = good.shards.map((shard) => shard.slice(0, bodyBytes(layout)));
  bodies[LIE.shard]![cellRange(layout, LIE.stripe).start]! ^= 1;
  const cellHashes = bodies.map((body) =>
    concatBytes(
      ...Array.from({ length: stripeCount(layout) }, (_, stripe) => {
        const { start, end } = cellRange(layout, stripe);
        return sha256(body.subarray(start, end));
      }),
    ),
  );
  const { descriptor, tails } = sealBlob(layout, cellHashes);
  return { descriptor, shards: bodies.map((body, index) => concatBytes(body, tails[index]!)) };
}

const lie = lyingBlob();

test('[BL8] shards that are all as committed and contradict each other give evidence in place of bytes', () => {
  const { reader, damaged } = openReader(code, lie, [0, 1, 2, 3, 4]);
  expect(damaged).toEqual([]);
  const part = wholeStripe(lie.descriptor.layout, LIE.stripe);
  const read = reader.readPart(part, cellsOf(reader, lie.shards, part, [1, 3, 4]));
  if (read.ok || read.error.code !== 'inconsistent-blob') throw new Error('it was read');
  const { evidence } = read.error;
  expect(evidence).toMatchObject({ from: [1, 3, 4], shard: 0, stripe: LIE.stripe, root: lie.descriptor.root });
  const computed = reader.readCells(LIE.stripe, cellsOf(reader, lie.shards, part, [0]), [0]);
  expect(computed.ok && sha256(computed.value.cells[0]!)).toEqual(evidence.committed);
  expect(decode(inconsistencyEvidence, encode(inconsistencyEvidence, evidence))).toEqual({ ok: true, value: evidence });
});

test('[BL8] other stripes of it are read, and who computes the shard that lies finds it out', () => {
  const { reader } = openReader(code, lie, [0, 1, 2, 3, 4]);
  const other = wholeStripe(lie.descriptor.layout, 0);
  expect(reader.readPart(other, cellsOf(reader, lie.shards, other, [1, 3, 4])).ok).toBe(true);
  const cells = cellsOf(reader, lie.shards, LIE, [0, 1, 2]);
  expect(reader.readCells(LIE.stripe, cells, [LIE.shard])).toMatchObject({
    ok: false,
    error: { code: 'inconsistent-blob', evidence: { from: [0, 1, 2], shard: LIE.shard, stripe: LIE.stripe } },
  });
});

test('[BL8, BL10] where the shard that lies is lost, rebuilding it ends with evidence and no tail', () => {
  const { reader } = openReader(code, lie, [0, 1, 2, 4]);
  const rebuilt = new RebuiltShard(reader, LIE.shard);
  for (let stripe = 0; stripe < stripeCount(lie.descriptor.layout); stripe++) {
    const read = reader.readCells(stripe, cellsOf(reader, lie.shards, { stripe }, [0, 2, 4]), [LIE.shard]);
    if (!read.ok) throw new Error(read.error.code);
    rebuilt.add(read.value.cells[0]!, read.value.from);
  }
  const tail = rebuilt.finish();
  expect(tail).toMatchObject({
    ok: false,
    error: { code: 'inconsistent-blob', evidence: { from: [0, 2, 4], shard: LIE.shard, stripe: undefined } },
  });
});
