import { commitReported, equalBytes, findMember, holdsRole, sha256, type CommitFault } from '../../core/index.ts';
import { encodeAuthenticatedData } from '../../core/mls/index.ts';
import type { ChainFollower, FollowedChain } from '../chain/chain-follower.ts';
import type { ChainWriter } from '../chain/chain-writer.ts';
import { isFateUnknown } from '../chain/resend.ts';
import { newEventId } from '../chain/sign-event.ts';
import { RelayProblem, UntrustedError, UsageError } from '../errors.ts';
import { membersOf, resync, type PendingCommit } from '../mls/index.ts';
import type { MlsIdentities } from '../mls-identities.ts';
import { suiteOf } from '../suites.ts';
import { groupStateOf, handshakesOf } from './group-state.ts';
import type { GroupContext } from './group-context.ts';
import type { MlsRecord, MlsStore, PendingRecord } from './mls-store.ts';
import { retryDelayMs, type PendingCommits } from './pending-commits.ts';
import type { LostKeys } from './recovery-record.ts';

/** GroupInfo and tree of the epoch in force; the tree is missing where the log has moved on, or the GroupInfo holds it. */
interface WayIn {
  readonly groupInfo: Uint8Array;
  readonly treeHash: Uint8Array;
  readonly ratchetTree: Uint8Array | undefined;
}

/** A whole group may want back in at once, and each of its members wins one epoch. */
const MAX_RESYNCS = 64;

/**
 * The way back for a device that could not follow a commit of the log (`RC4`–`RC6`): it tells the group which one, and comes
 * in anew by a commit from outside. It never begins without that evidence, and never goes back to earlier keys.
 */
export class MlsRecovery {
  readonly #context: GroupContext;
  readonly #identities: MlsIdentities;
  readonly #follower: ChainFollower;
  readonly #writer: ChainWriter;
  readonly #store: MlsStore;
  readonly #pending: PendingCommits;

  constructor(parts: {
    readonly context: GroupContext;
    readonly identities: MlsIdentities;
    readonly follower: ChainFollower;
    readonly writer: ChainWriter;
    readonly store: MlsStore;
    readonly pending: PendingCommits;
  }) {
    this.#context = parts.context;
    this.#identities = parts.identities;
    this.#follower = parts.follower;
    this.#writer = parts.writer;
    this.#store = parts.store;
    this.#pending = parts.pending;
  }

  /** Resolves once this device is back, and at once where nothing is lost. Rejects with what keeps it out. */
  async recover(signal: AbortSignal): Promise<void> {
    for (let attempt = 1; attempt <= MAX_RESYNCS; attempt++) {
      // An earlier process may have been on its way back already.
      if ((await this.#lostRecord()) !== undefined) await this.#pending.makeRoom(signal);
      const record = await this.#lostRecord();
      if (record === undefined) return;
      await this.#report(signal);
      await this.#assertWayIn();
      await this.#context.platform.delay(retryDelayMs(record.state, attempt), signal);
      await this.#follower.catchUp(signal);
      const wayIn = await this.#askWayIn(signal);
      const prepared = await this.#follower.exclusive((chain) => this.#prepare(chain, wayIn), signal);
      if (prepared !== undefined) await this.#pending.send(prepared, signal);
    }
    throw new UsageError('commit-contended', `${MAX_RESYNCS} resyncs lost their epoch to others`);
  }

  /** A commit from outside would have to show the tree to the relay (`RC11`). */
  async #assertWayIn(): Promise<void> {
    if (handshakesOf(await this.#follower.known()) === 'public') return;
    throw new UsageError('resync-refused', 'nobody comes back by itself into a group of opaque handshakes');
  }

  /** As the log was known to stand: whether it still does is found out when this is used. */
  async #askWayIn(signal: AbortSignal): Promise<WayIn> {
    const { client } = this.#context;
    const { chain } = this.#follower;
    const treeHash = groupStateOf(await this.#follower.known(signal)).mls?.treeHash ?? new Uint8Array();
    const groupInfo = await client.groupInfo(chain, signal);
    try {
      return { groupInfo, treeHash, ratchetTree: await client.tree(chain, treeHash, signal) };
    } catch (error) {
      if (!(error instanceof RelayProblem) || error.code !== 'not-found') throw error;
      return { groupInfo, treeHash, ratchetTree: undefined };
    }
  }

  /** Undefined where the keys are the group's, and for those who are not to have them. */
  async #lostRecord(): Promise<MlsRecord | undefined> {
    const record = await this.#store.load();
    if (record?.lostAt === undefined) return undefined;
    const { roster, mls } = groupStateOf(await this.#follower.known());
    if (mls?.successor !== undefined) return undefined;
    const own = findMember(roster, this.#context.signer.actor);
    return own !== undefined && holdsRole(own) ? record : undefined;
  }

  /** Once for each loss. Whether the group still takes it or not, it is not in the way of coming back. */
  async #report(signal: AbortSignal): Promise<void> {
    const { lost } = await this.#store.recovery();
    if (lost === undefined || lost.isReported === 'yes') return;
    const { index, commitHash, leafIndex, cause } = lost;
    if (cause !== 'missing' && cause !== 'future')
      await this.#append({ index, commitHash, leafIndex, fault: cause }, signal);
    await this.#follower.exclusive(() => this.#markReported(lost), signal);
  }

  async #append(
    report: Pick<LostKeys, 'index' | 'commitHash' | 'leafIndex'> & { readonly fault: CommitFault },
    signal: AbortSignal,
  ): Promise<void> {
    const body = commitReported.encodeBody(report);
    const draft = { type: commitReported.type, body, eventId: newEventId(this.#context.platform) };
    try {
      await this.#writer.append(draft, this.#context, signal);
    } catch (error) {
      // Reported by an earlier process, or so long ago that nobody asks.
      if (!(error instanceof RelayProblem) || isFateUnknown(error)) throw error;
    }
  }

  async #markReported({ index }: LostKeys): Promise<void> {
    const { lost, missed } = await this.#store.recovery();
    if (lost?.index !== index) return;
    await this.#context.storage.commit([this.#store.putRecovery({ lost: { ...lost, isReported: 'yes' }, missed })]);
  }

  /** Undefined where something came in between, and the next attempt looks anew. */
  async #prepare(chain: FollowedChain | undefined, wayIn: WayIn): Promise<PendingRecord | undefined> {
    if (chain === undefined) return undefined;
    const { mls } = groupStateOf(chain);
    if (mls === undefined || (await this.#store.pending()) !== undefined) return undefined;
    const { groupInfo, ratchetTree, treeHash } = wayIn;
    const isCurrent = equalBytes(sha256(groupInfo), mls.groupInfoHash) && equalBytes(treeHash, mls.treeHash);
    if ((await this.#lostRecord()) === undefined || !isCurrent) return undefined;
    const eventId = newEventId(this.#context.platform);
    const authenticatedData = encodeAuthenticatedData({ actor: this.#context.signer.actor, eventId });
    const nowMs = this.#context.platform.now();
    const identity = await this.#identities.of(suiteOf(mls.ciphersuite));
    const made = await resync({ identity, groupInfo, ratchetTree, authenticatedData, nowMs });
    if (!made.ok) throw new UsageError('resync-refused', `the group can't be entered anew: ${made.error.code}`);
    assertSameGroup(made.value, chain);
    return this.#pending.keep({}, made.value, { eventId, chain });
  }
}

/** A relay and a member together could show a tree with somebody in it whom the log has not let in (`CL12`). */
function assertSameGroup({ epoch, next }: PendingCommit, chain: FollowedChain): void {
  const { mls, roster } = groupStateOf(chain);
  const present = roster.filter(({ role }) => role !== 'none');
  const members = membersOf(next);
  const isSame =
    equalBytes(next.groupId, chain.cursor.chain) &&
    epoch === mls?.epoch &&
    members.length === present.length &&
    members.every(({ actor }) => present.some((member) => equalBytes(member.actor, actor)));
  if (!isSame) throw new UntrustedError('group-mismatch', 'the GroupInfo in force is of another group than the log');
}
