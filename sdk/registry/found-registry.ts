import { checkAdminRoot, FIRST_ADMIN_EPOCH, type AdminRoot } from '../../core/index.ts';
import { ChainFollower } from '../chain/chain-follower.ts';
import { ChainWriter } from '../chain/chain-writer.ts';
import { signGenesis } from '../chain/sign-event.ts';
import { StatementError } from '../errors.ts';
import { genesisOf } from '../genesis.ts';
import type { CallOptions } from '../group/group.ts';
import { parseActor } from '../parse-actor.ts';
import { Registry, type RegistryContext } from './registry.ts';

/** Who signs for a registry from its first entry on. */
export interface FoundingRoot {
  /** Public keys, base64url: 1 to 16. */
  readonly admins: readonly string[];
  /** How many of them it takes. */
  readonly threshold: number;
  /** Ms since the Unix epoch from which they sign for nothing but the next root. */
  readonly expiresAt: number;
}

/** Founds a registry with a root that nobody has to sign: whoever pins the chain's id has pinned its keys (`AR1`). */
export async function foundRegistry(
  context: RegistryContext,
  { admins, threshold, expiresAt }: FoundingRoot,
  { signal }: CallOptions = {},
): Promise<Registry> {
  const root: AdminRoot = { epoch: FIRST_ADMIN_EPOCH, keys: admins.map(parseActor), threshold, expiresAt };
  const invalid = checkAdminRoot(root);
  if (invalid !== undefined) throw new StatementError(invalid);
  if (expiresAt <= context.platform.now()) throw new StatementError({ code: 'root-expired', expiresAt });
  const draft = genesisOf({ kind: 'registry', value: { root } }, { visibility: 'public' }, context);
  const { genesis, chain } = await signGenesis(draft, context);
  await new ChainWriter(context, new ChainFollower(context, chain)).found(genesis, signal);
  return new Registry(context, chain);
}
