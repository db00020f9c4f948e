import type { ShardAccountEnvironment, ShardAccountObject } from '../../durable-objects/index.ts';
import { configureShardNode, type ShardNodeConfiguration } from '../../relay/index.ts';
import type { Remote } from '../http/remote.ts';

/** Bindings and variables of this worker's wrangler.toml. */
export interface ShardNodeEnvironment extends ShardAccountEnvironment {
  readonly ACCOUNT: DurableObjectNamespace<ShardAccountObject>;
  /** Keys of the relays that it serves, each with a quota of its own in MiB or without: `KEY KEY=500`. */
  readonly RELAYS?: string;
  /** MiB for a relay that has no quota of its own. */
  readonly QUOTA_MIB?: string;
  /** The longest that it keeps anything. */
  readonly RETENTION_DAYS?: string;
}

type ConfigurationResult = ReturnType<typeof configureShardNode>;

let known: { readonly texts: string; readonly result: ConfigurationResult } | undefined;

/** What an operator has set. An isolate serves one configuration, so the one that was seen last is remembered. */
export function configurationOf({ RELAYS, QUOTA_MIB, RETENTION_DAYS }: ShardNodeEnvironment): ConfigurationResult {
  const texts = JSON.stringify([RELAYS, QUOTA_MIB, RETENTION_DAYS]);
  if (known?.texts !== texts) known = { texts, result: configureShardNode({ RELAYS, QUOTA_MIB, RETENTION_DAYS }) };
  return known.result;
}

/** For routes that are only reached on a configured node. */
export function shardNodeConfiguration(env: ShardNodeEnvironment): ShardNodeConfiguration {
  const configuration = configurationOf(env);
  if (!configuration.ok) throw new Error('a route was reached before the node was configured');
  return configuration.value;
}

/** The object that writes for a relay, by its base64url key. */
export function accountOf(
  env: ShardNodeEnvironment,
  relay: string,
): Remote<Pick<ShardAccountObject, 'put' | 'remove' | 'usage'>> {
  return env.ACCOUNT.getByName(relay);
}
