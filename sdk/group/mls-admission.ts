import { equalBytes, isSameSet, type ChainId, type MlsCommit } from '../../core/index.ts';
import type { VerifiedEntry } from '../chain/page-verification.ts';
import { RelayProblem, UntrustedError, UsageError } from '../errors.ts';
import type { KeyPackagePool } from '../key-package-pool.ts';
import { joinGroup, membersOf, treeHashOf, type GroupState, type JoinedGroup } from '../mls/index.ts';
import type { PreSharedKeys } from '../pre-shared-keys.ts';
import type { PayloadSource } from './entry-content.ts';

/** What joining takes beside a Welcome and its entry. */
export interface Joining {
  readonly pool: KeyPackagePool;
  readonly preSharedKeys: PreSharedKeys;
  readonly self: Uint8Array;
  readonly source: PayloadSource;
}

export interface Admission {
  readonly state: GroupState;
  /** The KeyPackage that was used up. */
  readonly keyPackageRef: Uint8Array;
}

/**
 * Joins by a Welcome at the entry that it belongs to (`CL12`). The Welcome came through the relay's hands, the entry was
 * verified: group, epoch, tree, inviter and members must be what the log says.
 */
export async function joinAt(
  entry: VerifiedEntry,
  body: MlsCommit,
  welcome: Uint8Array,
  joining: Joining,
): Promise<Admission> {
  const { pool, self, source } = joining;
  for (const { actor, keyPackageRef } of body.welcomeRefs) {
    const privateState = equalBytes(actor, self) ? await pool.find(keyPackageRef) : undefined;
    if (privateState === undefined) continue;
    const joined = await joinWithTree(welcome, privateState, body, joining);
    if (!joined.ok) throw new UsageError('not-invited', `the Welcome does not open: ${joined.error.code}`);
    checkAgainstLog(joined.value, entry, body, source.chain);
    return { state: joined.value.state, keyPackageRef };
  }
  throw new UsageError('not-invited', `entry ${entry.index} invites no KeyPackage of this device`);
}

/** The tree is fetched where the Welcome holds none: by the hash in the log, and it must be the one of the GroupInfo (`ML94`). */
async function joinWithTree(
  welcome: Uint8Array,
  privateState: Uint8Array,
  { treeHash }: MlsCommit,
  { source: { client, chain }, preSharedKeys }: Joining,
): ReturnType<typeof joinGroup> {
  const known = await preSharedKeys.all();
  const joined = await joinGroup(welcome, privateState, undefined, known);
  if (joined.ok || joined.error.code !== 'welcome-tree-missing') return joined;
  try {
    return await joinGroup(welcome, privateState, await client.tree(chain, treeHash), known);
  } catch (error) {
    const isGone = error instanceof RelayProblem && error.code === 'not-found';
    throw isGone ? new UsageError('not-invited', 'the Welcome is too old: its tree is gone') : error;
  }
}

function checkAgainstLog(
  { state, inviter }: JoinedGroup,
  { index, event, state: chainState }: VerifiedEntry,
  body: MlsCommit,
  chain: ChainId,
): void {
  const roster = chainState.kind === 'group' ? chainState.value.roster.filter(({ role }) => role !== 'none') : [];
  const members = membersOf(state);
  const mismatch =
    (!equalBytes(state.groupId, chain) && 'group') ||
    (state.epoch !== body.epoch + 1 && 'epoch') ||
    (!equalBytes(treeHashOf(state), body.treeHash) && 'tree') ||
    (!equalBytes(inviter, event.actor) && 'inviter') ||
    (!isSameSet(members.map(actorOf), roster.map(actorOf)) && 'members');
  if (mismatch === false) return;
  throw new UntrustedError(
    'group-mismatch',
    `the Welcome leads to another ${mismatch} than entry ${index} says`,
    index,
  );
}

function actorOf({ actor }: { readonly actor: Uint8Array }): Uint8Array {
  return actor;
}
