import {
  chainGenesis,
  HASH_BYTES,
  MAX_RETENTION_MS,
  type ChainKind,
  type Genesis,
  type HandshakeMode,
} from '../core/index.ts';
import type { PinnedRelay } from './chain/chain-trust.ts';
import type { Signing } from './chain/sign-event.ts';

/** What is fixed for the life of a chain. */
export interface GenesisOptions {
  /** Who may read the chain; `private`, the default, are its members. */
  readonly visibility?: Genesis['visibility'];
  /** How long the relay keeps payloads, 1 minute to 30 days, which is the default. */
  readonly retentionMs?: number;
}

/**
 * The body of a genesis at this relay. It pins relay and key for ever (`CL1`); the founder alone may hand the chain to
 * another relay.
 */
export function genesisOf(
  parameters: Genesis['parameters'],
  { visibility = 'private', retentionMs = MAX_RETENTION_MS }: GenesisOptions,
  { relay, signer, platform }: Signing & { readonly relay: PinnedRelay },
): { readonly type: number; readonly body: Uint8Array } {
  const body = chainGenesis.encodeBody({
    nonce: platform.randomBytes(HASH_BYTES),
    relayName: relay.name,
    checkpointKey: relay.checkpointKey,
    successor: { actors: [signer.actor], threshold: 1 },
    visibility,
    retentionMs,
    parameters,
  });
  return { type: chainGenesis.type, body };
}

/** What every chain of a kind has in common. */
export const IDENTITY_PARAMETERS = { kind: 'identity', value: {} } as const satisfies ParametersOf<'identity'>;

/** What an encrypted group may do without, so that other clients can be in it. Each is a guarantee less (`GR8`). */
export interface MlsChoices {
  /** `optional` for company that can't write it: then nothing but its sender ties a message to its entry. */
  readonly authenticatedData?: ParametersOf<'group'>['value']['authenticatedData'];
}

export function groupParameters(
  membership: 'plain' | 'mls',
  handshakes: HandshakeMode = 'public',
  { authenticatedData = 'required' }: MlsChoices = {},
): ParametersOf<'group'> {
  return { kind: 'group', value: { membership, handshakes, credentials: 'bound', authenticatedData } };
}

type ParametersOf<Kind extends ChainKind> = Extract<Genesis['parameters'], { readonly kind: Kind }>;
