import {
  appendLeaf,
  consistencyProof,
  deviceRevoked,
  EMPTY_RANGE,
  nodeReaderOfRows,
  signEd25519,
  type CompactRange,
  type Genesis,
  type ImportedFacts,
} from '../../core/index.ts';
import { chainSigner, signCheckpoint } from '../../relay/index.ts';
import { actorNamed, LogBuilder, type Actor } from '../../scripts/vectors/log-builder.ts';
import { groupGenesis, identityGenesis } from '../../scripts/vectors/sample-bodies.ts';
import { additionOf } from '../../scripts/vectors/sample-identity.ts';

/** The relay whose key the chains of these tests pin. */
export const relay = actorNamed('relay');
const pinned = { checkpointKey: relay.key };

/** A signed identity chain at the relay, with these devices beside the founder's. */
export function accountOf(founder: Actor, ...devices: readonly Actor[]): LogBuilder {
  const log = new LogBuilder(founder, identityGenesis(pinned), { isSigned: true });
  for (const device of devices) log.appendEvent(founder, additionOf(log, founder, { device, name: 'a device' }));
  return log;
}

/** A device of the account revokes another. */
export function revoke(account: LogBuilder, by: Actor, device: Actor): void {
  account.append(by, deviceRevoked, { device: device.key, reason: 'lost' });
}

/** A group at the relay. */
export function groupAtRelay(
  founder: Actor,
  membership: 'plain' | 'mls' = 'plain',
  fields: Partial<Genesis> = {},
  options: { readonly isSigned?: boolean } = {},
): LogBuilder {
  return new LogBuilder(founder, groupGenesis(membership, { ...pinned, ...fields }), options);
}

/** What an import of these entries brings, under a checkpoint of the chain as it is now, or was at `signedSize`. */
export function factsOf(
  log: LogBuilder,
  {
    from = 0,
    to = log.size,
    signedSize = log.size,
    signer = relay,
  }: { from?: number; to?: number; signedSize?: number; signer?: Actor } = {},
): ImportedFacts {
  const rows: Uint8Array[] = [];
  const range = log.leaves.slice(0, signedSize).reduce<CompactRange>((before, { hash }) => {
    const { range: after, completed } = appendLeaf(before, hash);
    rows.push(Buffer.concat(completed));
    return after;
  }, EMPTY_RANGE);
  const { relayName } = log.state.value.genesis;
  const key = { relayName, publicKey: signer.key, sign: (message: Uint8Array) => signEd25519(signer.seed, message) };
  return {
    entries: log.entries.slice(from, to),
    consistency:
      to < signedSize
        ? consistencyProof(
            to,
            signedSize,
            nodeReaderOfRows((row) => rows[row]),
          )
        : [],
    checkpoint: signCheckpoint({ size: signedSize, range }, chainSigner(key, log.chain)),
  };
}
