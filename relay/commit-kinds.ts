import { equalBytes, requireRole } from '../core/index.ts';
import {
  checkCapabilities,
  findSuiteByName,
  leavesOf,
  type FollowedCommit,
  type PublicGroup,
} from '../core/mls/index.ts';
import type { ChainHead } from './ports.ts';
import { COMMITTED_KINDS } from './proposal.ts';

/** What an event says of the group that is to go on. */
export interface NamedSuccessor {
  readonly chain: Uint8Array;
  readonly ciphersuite: number;
}

interface Committed {
  readonly before: PublicGroup;
  readonly head: ChainHead;
  readonly actor: Uint8Array;
  /** Where the event ends the group. */
  readonly successor: NamedSuccessor | undefined;
}

const RESYNC_KINDS: ReadonlySet<string> = new Set(['external-init', 'remove']);

/**
 * Whether members of this version can follow a commit of these proposals (`ML24`), and whether its author may make it (`GM40`,
 * `GM41`). Gives the reason where not.
 */
export function judgeKinds(followed: FollowedCommit, committed: Committed): string | undefined {
  if (committed.successor !== undefined) return judgeReinit(followed, committed.successor, committed.head);
  const { isExternal, kinds } = followed;
  const followable = isExternal ? RESYNC_KINDS : COMMITTED_KINDS;
  if ([...kinds].some((kind) => !followable.has(kind))) return 'commit-proposal';
  return kinds.has('group-context-extensions') ? judgeExtensions(followed, committed) : undefined;
}

function judgeExtensions({ group }: FollowedCommit, { before, head, actor }: Committed): string | undefined {
  const { state } = head;
  if (state.kind !== 'group' || requireRole(state.value.roster, actor, 'admin') !== undefined) return 'extensions-role';
  // RFC 9420 asks it of the leaves after the commit, and ts-mls of those before: here it is asked of both (`ML57`).
  const leaves = [...leavesOf(before.tree)].map(([, { node }]) => node);
  const supported = checkCapabilities(leaves, group.context.extensions);
  return supported.ok ? undefined : supported.error.code;
}

/** The event says of the successor what the ReInit says, which is alone in its commit (RFC 9420 §12.2). */
function judgeReinit({ successor }: FollowedCommit, said: NamedSuccessor, { chain }: ChainHead): string | undefined {
  if (successor === undefined) return 'commit-proposal';
  const isSame = equalBytes(successor.groupId, said.chain) && findSuiteByName(successor.suite)?.id === said.ciphersuite;
  return isSame && !equalBytes(said.chain, chain) ? undefined : 'successor';
}
