import { equalBytes, type ChainId, type MlsCommit } from '../../core/index.ts';
import { parseGroupInfo } from '../../core/mls/index.ts';
import type { VerifiedEntry } from '../chain/page-verification.ts';
import { UntrustedError, UsageError } from '../errors.ts';
import type { KeyPackagePool } from '../key-package-pool.ts';
import { joinGroup, makeGroupInfo, membersOf, type GroupState, type JoinedGroup } from '../mls/index.ts';

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
  { pool, self, chain }: { readonly pool: KeyPackagePool; readonly self: Uint8Array; readonly chain: ChainId },
): Promise<Admission> {
  for (const { actor, keyPackageRef } of body.welcomeRefs) {
    const privateState = equalBytes(actor, self) ? await pool.find(keyPackageRef) : undefined;
    if (privateState === undefined) continue;
    const joined = await joinGroup(welcome, privateState);
    if (!joined.ok) throw new UsageError('not-invited', `the Welcome does not open: ${joined.error.code}`);
    await checkAgainstLog(joined.value, entry, body, chain);
    return { state: joined.value.state, keyPackageRef };
  }
  throw new UsageError('not-invited', `entry ${entry.index} invites no KeyPackage of this device`);
}

async function checkAgainstLog(
  { state, inviter }: JoinedGroup,
  { index, event, state: chainState }: VerifiedEntry,
  body: MlsCommit,
  chain: ChainId,
): Promise<void> {
  const groupInfo = parseGroupInfo(await makeGroupInfo(state));
  const roster = chainState.kind === 'group' ? chainState.value.roster.filter(({ role }) => role !== 'none') : [];
  const members = membersOf(state);
  const mismatch =
    (!equalBytes(state.groupId, chain) && 'group') ||
    (state.epoch !== body.epoch + 1 && 'epoch') ||
    (!(groupInfo.ok && equalBytes(groupInfo.value.treeHash, body.treeHash)) && 'tree') ||
    (!equalBytes(inviter, event.actor) && 'inviter') ||
    (!isSameSet(members, roster) && 'members');
  if (mismatch === false) return;
  throw new UntrustedError(
    'group-mismatch',
    `the Welcome leads to another ${mismatch} than entry ${index} says`,
    index,
  );
}

interface HasActor {
  readonly actor: Uint8Array;
}

function isSameSet(a: readonly HasActor[], b: readonly HasActor[]): boolean {
  return a.length === b.length && a.every(({ actor }) => b.some((other) => equalBytes(other.actor, actor)));
}
