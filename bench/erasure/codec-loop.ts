import { ErasureCode, shardBytesFor, type ErasureKernel } from '../../core/index.ts';

/** One thing that codecs are compared on. */
export interface ErasureCase {
  readonly dataShards: number;
  readonly totalShards: number;
  /** Of a blob. */
  readonly bytes: number;
  /** The worst case of rebuilding: as many data shards are gone as there is parity. */
  readonly operation: 'encode' | 'reconstruct';
  /** Whether shards are copied into the codec's memory and results out of it, as the packages of npm do. */
  readonly isCopying: boolean;
}

/** Data shards that are lost in the worst case. */
export function lostShards({ dataShards, totalShards }: ErasureCase): number[] {
  return Array.from({ length: Math.min(dataShards, totalShards - dataShards) }, (_, index) => index);
}

/** Shards that are left in the worst case. */
function presentShards({ dataShards, totalShards }: ErasureCase): number[] {
  const lost = Math.min(dataShards, totalShards - dataShards);
  return Array.from({ length: totalShards - lost }, (_, index) => lost + index);
}

/** What to call over and over: once on one blob. */
export function openLoop(kernel: ErasureKernel, erasureCase: ErasureCase): () => void {
  const { dataShards, totalShards, bytes, operation, isCopying } = erasureCase;
  const code = new ErasureCode(kernel, { dataShards, totalShards });
  const stripe = code.openStripe(shardBytesFor(bytes, dataShards));
  const data = Uint8Array.from({ length: bytes }, (_, i) => (i * 2_654_435_761) >>> 24);
  stripe.write(data);
  code.encode(stripe);
  const shards = Array.from({ length: totalShards }, (_, index) => stripe.shard(index).slice());
  const parity = Array.from({ length: totalShards - dataShards }, (_, index) => dataShards + index);
  const present = presentShards(erasureCase);
  const lost = lostShards(erasureCase);
  const copyOut = (indexes: readonly number[]) => indexes.map((index) => stripe.shard(index).slice());
  const encode = () => code.encode(stripe);
  const reconstruct = () => {
    if (!code.reconstruct(stripe, present, lost).ok) throw new Error('nothing was rebuilt');
  };
  if (operation === 'encode') {
    if (!isCopying) return encode;
    return () => {
      stripe.write(data);
      encode();
      copyOut(parity);
    };
  }
  if (!isCopying) return reconstruct;
  return () => {
    for (const index of present) stripe.shard(index).set(shards[index] as Uint8Array);
    reconstruct();
    copyOut(lost);
  };
}
