import { equalBytes, isOpaque, MAX_CLOCK_SKEW_MS, type MlsCommit, type MlsProposal } from '../../core/index.ts';
import type { VerifiedEntry } from '../chain/page-verification.ts';
import { UntrustedError } from '../errors.ts';
import type { KeyPackagePool } from '../key-package-pool.ts';
import {
  acceptOwnCommit,
  acceptResync,
  decrypt,
  keyPackageTimeOf,
  processProposal,
  type EngineRefusal,
  type GroupState,
  type PendingCommit,
} from '../mls/index.ts';
import type { PreSharedKeys } from '../pre-shared-keys.ts';
import type { StorageWrite } from '../storage.ts';
import { isBoundTo, isResync, readCommit } from './commit-reading.ts';
import { payloadOf, proposalOf, type MessageBody, type PayloadSource } from './entry-content.ts';
import type { Opening, PageOpener } from './group-reader.ts';
import { joinAt } from './mls-admission.ts';
import type { AcceptedWelcome, MlsRecord, MlsStore, PendingRecord } from './mls-store.ts';
import type { Outbox } from './outbox.ts';
import { alsoMissed, type LossCause, type RecoveryRecord } from './recovery-record.ts';
import type { SealReason, TimelineContent, UnreadReason } from './stored-item.ts';

export interface MlsReading {
  readonly store: MlsStore;
  readonly outbox: Outbox;
  readonly pool: KeyPackagePool;
  readonly preSharedKeys: PreSharedKeys;
  readonly source: PayloadSource;
  readonly self: Uint8Array;
  /** Called before anything of it is stored. */
  readonly onLost: () => void;
}

/** An MLS group's content: decrypted with keys that every message and every commit use up and renew. */
export class MlsOpening implements Opening {
  readonly #reading: MlsReading;

  constructor(reading: MlsReading) {
    this.#reading = reading;
  }

  async begin(): Promise<PageOpener> {
    const { store } = this.#reading;
    return new MlsPage(this.#reading, {
      record: await store.load(),
      pending: await store.pending(),
      welcome: await store.welcome(),
      recovery: await store.recovery(),
    });
  }

  async goesOnAfter(index: number): Promise<boolean> {
    const welcome = await this.#reading.store.welcome();
    return welcome !== undefined && welcome.index > index;
  }
}

interface Beginning {
  readonly record: MlsRecord | undefined;
  readonly pending: PendingRecord | undefined;
  readonly welcome: AcceptedWelcome | undefined;
  readonly recovery: RecoveryRecord;
}

/** The keys on their way through one page. Nothing of it lasts unless the page is stored. */
class MlsPage implements PageOpener {
  readonly #reading: MlsReading;
  readonly #begun: Beginning;
  readonly #welcome: AcceptedWelcome | undefined;
  #record: MlsRecord | undefined;
  #pending: PendingRecord | undefined;
  #recovery: RecoveryRecord;
  readonly #writes: StorageWrite[] = [];

  constructor(reading: MlsReading, begun: Beginning) {
    this.#reading = reading;
    this.#begun = begun;
    this.#record = begun.record;
    this.#pending = begun.pending;
    this.#welcome = begun.welcome;
    this.#recovery = begun.recovery;
  }

  async openMessage(entry: VerifiedEntry, body: MessageBody): Promise<TimelineContent> {
    const { epoch } = body;
    const sealed = (reason: SealReason): TimelineContent => ({ kind: 'sealed', value: { epoch, reason } });
    if (equalBytes(entry.event.actor, this.#reading.self)) return this.#openOwn(entry, body);
    const record = this.#record;
    if (record === undefined || record.state.status === 'removed') return sealed('not-member');
    if (record.lostAt !== undefined && epoch > record.state.epoch) return sealed('lost-epoch');
    const name = { hash: body.payloadHash, size: body.payloadSize };
    const payload = await payloadOf(entry, name, this.#reading.source);
    if (payload === undefined) return sealed('expired');
    return this.#decrypt(entry, body, payload, record);
  }

  /** Nobody can decrypt what they sent: the key went with the sending. */
  async #openOwn({ event }: VerifiedEntry, { epoch, contentType }: MessageBody): Promise<TimelineContent> {
    const message = await this.#reading.outbox.find(event.eventId);
    if (message === undefined) return { kind: 'sealed', value: { epoch, reason: 'own-copy-lost' } };
    this.#writes.push(this.#reading.outbox.drop(event.eventId));
    return { kind: 'message', value: { epoch, contentType, bytes: message.content } };
  }

  /** What decrypts counts only if it says to be from the entry's actor and for this entry (`CL11`). */
  async #decrypt(
    entry: VerifiedEntry,
    { epoch, contentType }: MessageBody,
    payload: Uint8Array,
    { state, lostAt }: MlsRecord,
  ): Promise<TimelineContent> {
    const opened = await decrypt(state, payload);
    if (!opened.ok) return { kind: 'sealed', value: { epoch, reason: this.#whySealed(opened.error.code, epoch) } };
    const { plaintext, sender, authenticatedData } = opened.value;
    this.#record = { state: opened.value.state, lostAt };
    const isTrue =
      opened.value.epoch === epoch && equalBytes(sender, entry.event.actor) && isBoundTo(entry, authenticatedData);
    if (!isTrue) return { kind: 'sealed', value: { epoch, reason: 'unreadable' } };
    return { kind: 'message', value: { epoch, contentType, bytes: plaintext } };
  }

  /** Keys from before joining were never here, nor those of epochs that went by outside; of all others, they were. */
  #whySealed(code: EngineRefusal['code'], epoch: number): SealReason {
    if (code !== 'message-expired') return 'unreadable';
    const { missed } = this.#recovery;
    return missed !== undefined && epoch >= missed.from && epoch <= missed.to ? 'lost-epoch' : 'not-member';
  }

  async followCommit(entry: VerifiedEntry, body: MlsCommit): Promise<TimelineContent> {
    if (this.#welcome?.index === entry.index) {
      await this.#join(entry, body, this.#welcome);
      return changeOf(body);
    }
    const before = this.#record?.state;
    if (before === undefined || before.status === 'removed') return changeOf(body);
    const made = await this.#takeMade();
    const own = equalBytes(entry.event.actor, this.#reading.self)
      ? made.find(({ commitHash }) => equalBytes(body.commitHash, commitHash))
      : undefined;
    return own === undefined ? this.#follow(before, entry, body) : this.#acceptOwn(before, own, entry, body);
  }

  /** This device's own commits of the epoch. Whoever won it, it is over for all of them. */
  async #takeMade(): Promise<readonly PendingCommit[]> {
    const { store } = this.#reading;
    const setAside = await store.setAside();
    if (setAside.length > 0) this.#writes.push(store.dropSetAside());
    if (this.#pending === undefined) return setAside;
    const { commit } = this.#pending;
    this.#writes.push(store.dropPending());
    this.#pending = undefined;
    return [commit, ...setAside];
  }

  /** What this device could not take in, it can't follow a commit of; there it is told, as for any other reason. */
  async takeProposal(entry: VerifiedEntry, body: MlsProposal): Promise<void> {
    const record = this.#record;
    if (record === undefined || record.lostAt !== undefined || record.state.epoch !== body.epoch) return;
    const name = { hash: body.proposalHash, size: body.proposalSize };
    const proposal = await proposalOf(entry, name, this.#reading.source);
    const handshakes = isOpaque(entry.state.value.genesis) ? 'opaque' : 'public';
    // Else a relay that keeps one back would let the commit that refers to it look like its committer's fault.
    if (proposal === undefined && handshakes === 'opaque') assertExpired(entry, this.#reading.source.now());
    const taken = proposal && (await processProposal(record.state, proposal, handshakes));
    if (taken?.ok !== true) return;
    const { state, proposer, ref, authenticatedData } = taken.value;
    const isTrue =
      equalBytes(proposer, entry.event.actor) &&
      isBoundTo(entry, authenticatedData) &&
      equalBytes(ref, body.proposalRef);
    if (isTrue) this.#record = { state, lostAt: undefined };
  }

  /** `GM42`: no key of the epoch that a ReInit begins is ever used, so its commit is not followed. */
  endGroup(): void {
    const { store } = this.#reading;
    if (this.#pending !== undefined) this.#writes.push(store.dropPending());
    this.#writes.push(store.dropSetAside());
    this.#pending = undefined;
  }

  async #join(entry: VerifiedEntry, body: MlsCommit, { welcome }: AcceptedWelcome): Promise<void> {
    const { store, pool } = this.#reading;
    const { state, keyPackageRef } = await joinAt(entry, body, welcome, this.#reading);
    this.#record = { state, lostAt: undefined };
    this.#recovery = { ...this.#recovery, lost: undefined };
    this.#pending = undefined;
    const madeAt = keyPackageTimeOf(state) ?? entry.relayTime;
    this.#writes.push(store.putOwnLeaf({ epoch: state.epoch, madeAt }));
    this.#writes.push(store.dropWelcome(), store.dropPending(), store.dropSetAside());
    this.#writes.push(...(await pool.spend(keyPackageRef)));
  }

  /** A commit of this device: from inside, or the way back from outside that was open since the thread was lost. */
  #acceptOwn(before: GroupState, pending: PendingCommit, entry: VerifiedEntry, body: MlsCommit): TimelineContent {
    const isResync = this.#record?.lostAt !== undefined;
    const accepted = isResync ? acceptResync(before, pending) : acceptOwnCommit(before, pending);
    if (!accepted.ok) return this.#lose(before, entry, body, 'other');
    this.#record = { state: accepted.value, lostAt: undefined };
    this.#writes.push(this.#reading.store.putOwnLeaf({ epoch: body.epoch + 1, madeAt: entry.relayTime }));
    if (!isResync) return changeOf(body);
    const missed = alsoMissed(this.#recovery.missed, { from: before.epoch + 1, to: body.epoch });
    this.#recovery = { lost: undefined, missed };
    return cameBack(body);
  }

  async #follow(before: GroupState, entry: VerifiedEntry, body: MlsCommit): Promise<TimelineContent> {
    const name = { hash: body.commitHash, size: body.commitSize };
    const bytes = await payloadOf(entry, name, this.#reading.source);
    const reading = await readCommit(before, entry, { body, bytes }, await this.#reading.preSharedKeys.all());
    switch (reading.kind) {
      case 'followed':
        this.#record = { state: reading.state, lostAt: undefined };
        return reading.isResync ? cameBack(body) : changeOf(body);
      case 'stale':
        return changeOf(body);
      case 'future':
        // Where nothing was lost before, these keys are older than what the log had shown: an old copy of the storage.
        if (this.#record?.lostAt === undefined) return this.#lose(before, entry, body, 'future');
        return isResync(bytes, before.suite) ? cameBack(body) : unread(body, 'future');
      case 'missing':
        assertExpired(entry, this.#reading.source.now());
        return this.#lose(before, entry, body, 'missing');
      case 'unprocessable':
        return this.#lose(before, entry, body, reading.fault);
    }
  }

  /** From here on the keys are no longer the group's. They are kept: what comes late of their epochs can still be read. */
  #lose(state: GroupState, { index }: VerifiedEntry, body: MlsCommit, cause: LossCause): TimelineContent {
    const { commitHash } = body;
    this.#record = { state, lostAt: index };
    const lost = { index, commitHash, cause, leafIndex: state.leafIndex, isReported: 'no' } as const;
    this.#recovery = { ...this.#recovery, lost };
    this.#reading.onLost();
    return unread(body, cause === 'missing' || cause === 'future' ? cause : 'unprocessable');
  }

  finish(): readonly StorageWrite[] {
    const { store } = this.#reading;
    const writes = [...this.#writes];
    const { record, recovery } = this.#begun;
    if (this.#recovery !== recovery) writes.unshift(store.putRecovery(this.#recovery));
    if (this.#record !== undefined && this.#record !== record) writes.unshift(store.put(this.#record));
    return writes;
  }
}

/**
 * A relay that keeps a commit back could make a member come back in by one that mixes in nothing of the epoch before (`RC4`): until
 * its time is over, even by a clock that is as wrong as it may be, it is asked for again.
 */
function assertExpired({ index, relayTime, state }: VerifiedEntry, now: number): void {
  if (now + MAX_CLOCK_SKEW_MS >= relayTime + state.value.genesis.retentionMs) return;
  throw new UntrustedError('payload-withheld', `the relay does not give the handshake of entry ${index}`, index);
}

/** What a commit did to the members, as its entry says. */
function changeOf({ epoch, roster }: MlsCommit): TimelineContent {
  return { kind: 'membersChanged', value: { epoch: epoch + 1, added: roster.added, removed: roster.removed } };
}

/** The same of a commit that was not followed: who is in is known, the keys are not. */
function unread({ epoch, roster }: MlsCommit, reason: UnreadReason): TimelineContent {
  const { added, removed } = roster;
  return { kind: 'changeUnread', value: { epoch: epoch + 1, added, removed, reason } };
}

function cameBack({ epoch }: MlsCommit): TimelineContent {
  return { kind: 'resynced', value: { epoch: epoch + 1 } };
}
