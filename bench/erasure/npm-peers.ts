import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { lostShards, type ErasureCase } from './codec-loop.ts';
import { rateOf, type Contestant } from './contestant.ts';

/** What the packages have in common: builds of one crate, which copy shards in and out. */
interface PeerCodec {
  encode(shards: Uint8Array, dataShards: number, parityShards: number): number;
  reconstruct(shards: Uint8Array, dataShards: number, parityShards: number, available: boolean[]): number;
}

/** What is to be installed, exactly. */
const WANTED = join(import.meta.dirname, 'peers');
/** Where: out of reach of what checks the project's own files. */
const FOLDER = join(import.meta.dirname, '../../node_modules/.cache/erasure-peers');
const load = createRequire(join(FOLDER, 'package.json'));

/** The WebAssembly codecs of npm, which nothing else here depends on; or why there are none. */
export function openNpmPeers(): readonly Contestant[] | string {
  if (!existsSync(join(FOLDER, 'node_modules'))) {
    cpSync(WANTED, FOLDER, { recursive: true });
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: FOLDER });
    if (status !== 0) return `the npm peers are left out: they could not be installed`;
  }
  return [contestant('subspace', openSubspace()), contestant('shelby', openShelby())];
}

function openSubspace(): PeerCodec {
  const path = load.resolve('@subspace/reed-solomon-erasure.wasm');
  const { ReedSolomonErasure } = load(path) as {
    ReedSolomonErasure: { fromBytes: (bytes: Uint8Array) => PeerCodec };
  };
  return ReedSolomonErasure.fromBytes(readFileSync(join(path, '../reed_solomon_erasure_bg.wasm')));
}

function openShelby(): PeerCodec {
  const { createWasmReedSolomonBinding } = load('@shelby-protocol/reed-solomon') as {
    createWasmReedSolomonBinding: () => PeerCodec;
  };
  return createWasmReedSolomonBinding();
}

function contestant(name: string, codec: PeerCodec): Contestant {
  return { name, rate: (erasureCase, seconds) => rateOf(openPeerLoop(codec, erasureCase), erasureCase.bytes, seconds) };
}

function openPeerLoop(codec: PeerCodec, erasureCase: ErasureCase): (count: number) => void {
  const { dataShards, totalShards, bytes, operation } = erasureCase;
  const parityShards = totalShards - dataShards;
  const shards = new Uint8Array(Math.ceil(bytes / dataShards) * totalShards).fill(7);
  const lost = lostShards(erasureCase);
  const available = Array.from({ length: totalShards }, (_, index) => !lost.includes(index));
  const once =
    operation === 'encode'
      ? () => codec.encode(shards, dataShards, parityShards)
      : () => codec.reconstruct(shards, dataShards, parityShards, available);
  codec.encode(shards, dataShards, parityShards);
  return (count) => {
    for (let i = 0; i < count; i++) if (once() !== 0) throw new Error('a peer refused its shards');
  };
}
