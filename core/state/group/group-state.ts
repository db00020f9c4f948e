import { opaque, optional, struct, uint16, uint64, type Decoded } from '../../codec/index.ts';
import { HASH_BYTES } from '../../event/index.ts';
import { genesisBody, type Genesis } from '../genesis.ts';
import type { RuleRefusal } from '../rule.ts';
import { accountsCodec } from './accounts/account.ts';
import { commitReports, loggedCommits } from './commit-report.ts';
import { boundPolicyCodec } from './policy/bound-policy.ts';
import { followedRegistryCodec } from './policy/followed-registry.ts';
import { admitMember, rosterCodec } from './roster.ts';

/** Epochs behind the current one whose messages are still taken (`GM3`). */
export const PAST_EPOCHS = 3;

/** The group that goes on where a ReInit ended this one. */
const successorState = struct('Successor', {
  /** Its chain, which is its MLS group id too. */
  chain: opaque(HASH_BYTES),
  ciphersuite: uint16,
  /** Entry that ended this group. */
  index: uint64,
});

const mlsState = struct('MlsState', {
  ciphersuite: uint16,
  epoch: uint64,
  treeHash: opaque(HASH_BYTES),
  groupInfoHash: opaque(HASH_BYTES),
  /** Entry that opened the current epoch. */
  epochIndex: uint64,
  /** Messages of earlier epochs are refused, since someone who could read them has been removed. */
  oldestOpenEpoch: uint64,
  /** The newest commits: those that members may report (`RC6`). */
  commits: loggedCommits,
  /** Who reported whom for what. */
  reports: commitReports,
  /** Nothing more is taken once there is one (`GM42`). */
  successor: optional(successorState),
});

export const groupStateCodec = struct('GroupState', {
  genesis: genesisBody,
  /** Newest change of the group itself. */
  lastStrictIndex: uint64,
  /** Newest strict event of an application. */
  lastApplicationIndex: uint64,
  roster: rosterCodec,
  /** Those that it names, with what it knows of each. */
  accounts: accountsCodec,
  mls: optional(mlsState),
  /** The registry whose modules it may bind, with what it knows of it. */
  registry: optional(followedRegistryCodec),
  policy: optional(boundPolicyCodec),
});

export type GroupState = Decoded<typeof groupStateCodec>;
export type MlsState = Decoded<typeof mlsState>;

/** The founder owns the group from entry 0 on. */
export function foundGroup(genesis: Genesis, founder: Uint8Array): GroupState {
  return {
    genesis,
    lastStrictIndex: 0,
    lastApplicationIndex: 0,
    roster: admitMember([], founder, 'owner', 0),
    accounts: [],
    mls: undefined,
    registry: undefined,
    policy: undefined,
  };
}

/** Which roster events fit: an MLS group's roster changes through commits alone (`GR2`). */
export function requireMembership({ genesis }: GroupState, needed: 'plain' | 'mls'): RuleRefusal | undefined {
  const membership = membershipOf(genesis);
  return membership === needed ? undefined : { code: 'wrong-membership', membership };
}

/**
 * An MLS group takes nothing before its `group.mls-created` (`GM1`): whatever came between would take its place at index 1
 * and leave the group without keys for ever.
 */
export function requireCreated({ genesis, mls }: GroupState): RuleRefusal | undefined {
  return mls === undefined && membershipOf(genesis) === 'mls' ? { code: 'mls-not-created' } : undefined;
}

/** Whether the group's commits and proposals are encrypted, also for the relay (`GM30`). */
export function isOpaque({ parameters }: Genesis): boolean {
  return parameters.kind === 'group' && parameters.value.handshakes === 'opaque';
}

/** `GM42`: whatever came after a ReInit would belong into the group that goes on. */
export function requireGoing({ mls }: GroupState): RuleRefusal | undefined {
  return mls?.successor && { code: 'group-reinitialised', successor: mls.successor.chain };
}

/** How members come and go. */
export function membershipOf({ parameters }: Genesis): 'plain' | 'mls' {
  return parameters.kind === 'group' ? parameters.value.membership : 'plain';
}
