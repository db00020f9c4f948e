import {
  appendLeaf,
  EMPTY_RANGE,
  encodeState,
  rootOf,
  stateDigest,
  toHex,
  viewEntry,
  viewState,
  beginReplay,
  MemoryHistory,
  parseEntries,
  replayEntries,
  type Json,
} from '../../core/index.ts';
import type { LogBuilder } from './log-builder.ts';
import { sampleChains } from './sample-chains.ts';

/** A whole log, and what everyone who replays it comes to. Bytes are hexadecimal. */
export interface ChainVector {
  readonly name: string;
  readonly chain: string;
  readonly steps: readonly ChainStep[];
  /** Encoding of the last state. */
  readonly state: string;
  readonly stateView: Json;
}

interface ChainStep {
  readonly entry: string;
  readonly view: Json;
  readonly leafHash: string;
  /** Root of the tree that ends with this entry. */
  readonly root: string;
  /** Digest of the state after this entry. */
  readonly stateDigest: string;
}

export function chainVectors(): readonly ChainVector[] {
  return Object.entries(sampleChains).map(([name, write]) => describe(name, write()));
}

function describe(name: string, log: LogBuilder): ChainVector {
  return {
    name,
    chain: toHex(log.chain),
    steps: log.entries.map((entry, index) => ({
      entry: toHex(entry),
      view: viewEntry(entry),
      leafHash: toHex(leafAt(log, index)),
      root: toHex(rootAt(log, index)),
      stateDigest: digestAt(log, index),
    })),
    state: toHex(encodeState(log.state)),
    stateView: viewState(log.state),
  };
}

function leafAt(log: LogBuilder, index: number): Uint8Array {
  const leaf = log.leaves[index];
  if (leaf === undefined) throw new Error(`no entry ${index}`);
  return leaf.hash;
}

function rootAt(log: LogBuilder, index: number): Uint8Array {
  let range = EMPTY_RANGE;
  for (const { hash } of log.leaves.slice(0, index + 1)) range = appendLeaf(range, hash).range;
  return rootOf(range);
}

/** The builder signed these events itself just now, so their verdicts are known. */
function digestAt(log: LogBuilder, index: number): string {
  const batch = parseEntries(log.entries.slice(0, index + 1));
  const verdicts = batch.steps.map(() => true);
  const replayed = replayEntries(beginReplay(log.chain), batch, verdicts, new MemoryHistory());
  if (!replayed.ok || replayed.value.state === undefined) throw new Error('a sample chain does not replay');
  return toHex(stateDigest(replayed.value.state));
}
