import {
  chainGenesis,
  chainIdOf,
  decode,
  entryCodec,
  equalBytes,
  parseSignedEvent,
  type ChainId,
  type Genesis,
} from '../../core/index.ts';
import { UntrustedError, UsageError } from '../errors.ts';
import type { RelayClient } from '../relay-client.ts';

/**
 * How members of a group change, asked of the relay before anything of it is followed. The chain's id is the hash of its
 * signed genesis, so nobody can answer wrongly.
 */
export async function fetchMembership(
  client: RelayClient,
  chain: ChainId,
  signal: AbortSignal | undefined,
): Promise<'plain' | 'mls'> {
  const { entries } = await client.entries(chain, { from: 0, limit: 1 }, signal);
  const genesis = readGenesis(entries[0]?.entry, chain);
  if (genesis === undefined) throw new UntrustedError('entry-invalid', 'entry 0 is not the genesis of this chain', 0);
  if (genesis.parameters.kind !== 'group') throw new UsageError('not-a-group', 'the chain is no group');
  return genesis.parameters.value.membership;
}

function readGenesis(bytes: Uint8Array | undefined, chain: ChainId): Genesis | undefined {
  const entry = bytes && decode(entryCodec, bytes);
  const signed = entry?.ok === true ? parseSignedEvent(entry.value.event, entry.value.signature) : undefined;
  if (signed?.ok !== true || !equalBytes(chainIdOf(signed.value), chain)) return undefined;
  const body = chainGenesis.decodeBody(signed.value.event.body);
  return body.ok ? body.value : undefined;
}
