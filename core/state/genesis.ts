import { equalBytes } from '../bytes/index.ts';
import { choice, opaque, struct, text, uint64, uint8, variant, vector, type Decoded } from '../codec/index.ts';
import { DAY_MS, MINUTE_MS } from '../duration.ts';
import { ACTOR_BYTES, defineEvent, HASH_BYTES } from '../event/index.ts';
import { adminRoot, checkFoundingRoot, type AdminRootRefusal } from './registry/admin-root.ts';

/** Ciphertext lives no longer than this, whatever a genesis asks for. */
export const MAX_RETENTION_MS = 30 * DAY_MS;
/** Payloads are kept for at least this long (`CH3`). */
export const MIN_RETENTION_MS = MINUTE_MS;
/** As long as the name of a host can be. */
export const MAX_RELAY_NAME_BYTES = 253;
/** Visible ASCII without a plus sign, which separates the parts of a key in notes. */
const RELAY_NAME = /^[!-*,-~]+$/;
const MAX_SUCCESSORS = 16;

/** The actors who may hand the chain to another relay, and how many of them it takes. */
const successorRule = struct('SuccessorRule', {
  actors: vector(opaque(ACTOR_BYTES), MAX_SUCCESSORS),
  threshold: uint8,
});

/** `plain`: members come and go by events of their own. `mls`: through MLS commits alone (`GR2`). */
const membership = choice('Membership', { plain: 0, mls: 1 });

/** `public`: the relay follows every commit. `opaque`: commits and proposals are encrypted, and members alone can (`GM30`). */
const handshakeMode = choice('HandshakeMode', { public: 0, opaque: 1 });

/** How far the relay can follow MLS handshakes. Values that this version does not check are refused. */
const groupParameters = struct('GroupParameters', {
  membership,
  handshakes: handshakeMode,
  credentials: choice('CredentialMode', { bound: 0, unbound: 1 }),
  authenticatedData: choice('AuthenticatedDataMode', { required: 0, optional: 1 }),
});

const identityParameters = struct('IdentityParameters', {});

/** The founding root is part of what the chain id commits to: whoever pins the id has pinned the keys (`AR1`). */
const registryParameters = struct('RegistryParameters', { root: adminRoot });

export const chainKind = choice('ChainKind', { identity: 1, group: 2, registry: 3 });

/** Everything about a chain that never changes. */
export const genesisBody = struct('Genesis', {
  nonce: opaque(HASH_BYTES),
  relayName: text(MAX_RELAY_NAME_BYTES),
  checkpointKey: opaque(HASH_BYTES),
  successor: successorRule,
  visibility: choice('Visibility', { private: 0, public: 1 }),
  retentionMs: uint64,
  parameters: variant('Parameters', chainKind, {
    identity: identityParameters,
    group: groupParameters,
    registry: registryParameters,
  }),
});

/** What a chain was founded with: its relay, readers, retention and kind. */
export type Genesis = Decoded<typeof genesisBody>;
/** Whether a relay can read the handshakes of an MLS group. */
export type HandshakeMode = Decoded<typeof handshakeMode>;
/** What a chain is for, fixed by its genesis. */
export type ChainKind = Genesis['parameters']['kind'];

/** Founds a chain: entry 0, and never another (`CH1`). */
export const chainGenesis = defineEvent({ type: 0x0001, name: 'chain.genesis', ordering: 'strict', body: genesisBody });

export type GenesisRefusal =
  | { readonly code: 'retention-out-of-range'; readonly minMs: number; readonly maxMs: number }
  | { readonly code: 'invalid-relay-name' }
  | { readonly code: 'invalid-successor-rule' }
  | { readonly code: 'registry-not-public' }
  | AdminRootRefusal;

/** What the encoding alone can't rule out (`CH3`). */
export function checkGenesis(genesis: Genesis): GenesisRefusal | undefined {
  const { relayName, retentionMs, successor } = genesis;
  if (retentionMs < MIN_RETENTION_MS || retentionMs > MAX_RETENTION_MS) {
    return { code: 'retention-out-of-range', minMs: MIN_RETENTION_MS, maxMs: MAX_RETENTION_MS };
  }
  // The name begins the origin of the chain's checkpoints, which is a line of a note and the name of a key.
  if (!RELAY_NAME.test(relayName)) return { code: 'invalid-relay-name' };
  return isReachable(successor) ? checkRegistry(genesis) : { code: 'invalid-successor-rule' };
}

/** As a group and each chain that it follows are: no other relay could be asked in time what is true there now (`NA2`, `PB3`). */
export function isAtSameRelay(a: Genesis, b: Genesis): boolean {
  return a.relayName === b.relayName && equalBytes(a.checkpointKey, b.checkpointKey);
}

/** Everyone verifies modules by the registry's log, so that nothing of it is for some alone. */
function checkRegistry({ visibility, parameters }: Genesis): GenesisRefusal | undefined {
  if (parameters.kind !== 'registry') return undefined;
  return visibility === 'public' ? checkFoundingRoot(parameters.value.root) : { code: 'registry-not-public' };
}

/** An actor named twice would count for two, or make a threshold that nobody can meet look sound. */
function isReachable({ actors, threshold }: Genesis['successor']): boolean {
  const areDistinct = actors.every((actor, i) => !actors.slice(0, i).some((earlier) => equalBytes(earlier, actor)));
  return areDistinct && threshold >= 1 && threshold <= actors.length;
}
