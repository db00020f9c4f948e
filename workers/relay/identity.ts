import type { RelayProposer } from '../../core/index.ts';
import { checkpointKeyOf, nodeKeyOf, relayActorOf, type RelayEnvironment } from '../../durable-objects/index.ts';
import { describeProposer } from '../../relay/index.ts';

/** What this relay is to its clients: the name in every origin, and the key that signs every checkpoint. */
export interface RelayIdentity {
  readonly relayName: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly proposer: RelayProposer;
  /** What it signs its requests to peers with, 32 bytes. */
  readonly nodeKey: Uint8Array;
}

let known: { readonly name: string; readonly secret: string; readonly identity: RelayIdentity | undefined } | undefined;

/**
 * The configured identity, or undefined where no usable key is set. An isolate serves one configuration, so the one that
 * was seen last is remembered: deriving a public key costs more than most requests.
 */
export function configuredIdentity(env: RelayEnvironment): RelayIdentity | undefined {
  const { RELAY_NAME: name, RELAY_CHECKPOINT_KEY: secret = '' } = env;
  if (known?.name !== name || known.secret !== secret) known = { name, secret, identity: deriveIdentity(env) };
  return known.identity;
}

function deriveIdentity(env: RelayEnvironment): RelayIdentity | undefined {
  const [key, actor, nodeKey] = [checkpointKeyOf(env), relayActorOf(env), nodeKeyOf(env)?.publicKey];
  if (key === undefined || actor === undefined || nodeKey === undefined) return undefined;
  return { relayName: key.relayName, publicKey: key.publicKey, proposer: describeProposer(actor), nodeKey };
}

/** For routes that are only reached on a configured relay. */
export function relayIdentity(env: RelayEnvironment): RelayIdentity {
  const identity = configuredIdentity(env);
  if (identity === undefined) throw new Error('a route was reached before the relay was configured');
  return identity;
}
