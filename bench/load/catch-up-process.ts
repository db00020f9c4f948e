/** A process that reads one chain from its beginning, tells the most memory that it had, and ends. */
import type { ChainId } from '../../core/index.ts';
import { nodeSigner } from '../../sdk/node/index.ts';
import { newFollower, type PinnedRelay } from './chain-reader.ts';
import { watchMemory } from './watch-memory.ts';

export interface CatchUpOrder extends PinnedRelay {
  readonly chain: ChainId;
  /** Of an actor who may read it. */
  readonly seed: Uint8Array;
}

export interface CatchUpResult {
  readonly peakMiB: number;
}

process.once('message', (order: CatchUpOrder) => void read(order));

async function read({ chain, seed, ...relay }: CatchUpOrder): Promise<void> {
  const memory = watchMemory();
  await newFollower(relay, chain, nodeSigner(seed)).catchUp();
  process.send?.({ peakMiB: memory.peakMiB() } satisfies CatchUpResult, () => process.disconnect());
}
