import {
  appendLeaf,
  concatBytes,
  EMPTY_RANGE,
  leafHash,
  nextImport,
  nodeReaderOfRows,
  type ChainId,
  type ImportedFacts,
} from '../../core/index.ts';
import { pagesFrom } from '../chain/catch-up.ts';
import { UntrustedError } from '../errors.ts';
import type { RelayClient } from '../relay-client.ts';

/**
 * What a group begins to follow a chain with, an account (`NA1`) or a registry (`PB2`): it from the genesis on, as much of it as an event
 * holds; the relay brings the rest. Nothing of it is checked here: whoever reads the group does that.
 */
export async function readImport(
  client: RelayClient,
  chain: ChainId,
  signal: AbortSignal | undefined,
): Promise<ImportedFacts> {
  const entries: Uint8Array[] = [];
  const rows: Uint8Array[] = [];
  let range = EMPTY_RANGE;
  let checkpoint = '';
  for await (const page of pagesFrom(0, { client, chain, signal: signal ?? new AbortController().signal })) {
    checkpoint = page.checkpoint;
    for (const { entry } of page.entries) {
      const appended = appendLeaf(range, leafHash(entry));
      range = appended.range;
      entries.push(entry);
      rows.push(concatBytes(...appended.completed));
    }
  }
  const entryAt = (index: number): Uint8Array => entries[index] as Uint8Array;
  const log = { size: entries.length, entryAt, node: nodeReaderOfRows((row) => rows[row]) };
  const facts = nextImport(log, 0, checkpoint);
  if (facts === undefined) throw new UntrustedError('malformed-answer', 'a chain that is to be followed has entries');
  return facts;
}
