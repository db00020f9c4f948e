import { equalBytes, type ChainId, type MlsCommit } from '../../core/index.ts';
import { encodeAuthenticatedData } from '../../core/mls/index.ts';
import type { VerifiedEntry } from '../chain/page-verification.ts';
import type { KeyPackagePool } from '../key-package-pool.ts';
import { acceptOwnCommit, decrypt, processCommit, type GroupState, type ProcessedCommit } from '../mls/index.ts';
import type { StorageWrite } from '../storage.ts';
import { payloadOf, type MessageBody, type PayloadSource } from './entry-content.ts';
import type { Opening, PageOpener } from './group-reader.ts';
import { joinAt } from './mls-admission.ts';
import type { AcceptedWelcome, MlsRecord, MlsStore, PendingRecord } from './mls-store.ts';
import type { Outbox } from './outbox.ts';
import type { SealReason, TimelineContent } from './timeline-item.ts';

export interface MlsReading {
  readonly store: MlsStore;
  readonly outbox: Outbox;
  readonly pool: KeyPackagePool;
  readonly source: PayloadSource;
  readonly self: Uint8Array;
  readonly chain: ChainId;
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
}

/** The keys on their way through one page. Nothing of it lasts unless the page is stored. */
class MlsPage implements PageOpener {
  readonly #reading: MlsReading;
  readonly #begun: MlsRecord | undefined;
  readonly #welcome: AcceptedWelcome | undefined;
  #record: MlsRecord | undefined;
  #pending: PendingRecord | undefined;
  readonly #writes: StorageWrite[] = [];

  constructor(reading: MlsReading, { record, pending, welcome }: Beginning) {
    this.#reading = reading;
    this.#begun = record;
    this.#record = record;
    this.#pending = pending;
    this.#welcome = welcome;
  }

  async openMessage(entry: VerifiedEntry, body: MessageBody): Promise<TimelineContent> {
    const { epoch } = body;
    const sealed = (reason: SealReason): TimelineContent => ({ kind: 'sealed', value: { epoch, reason } });
    if (equalBytes(entry.event.actor, this.#reading.self)) return this.#openOwn(entry, body);
    const record = this.#record;
    if (record === undefined || record.state.status === 'removed') return sealed('not-member');
    if (record.lostAt !== undefined) return sealed('lost-epoch');
    const name = { hash: body.payloadHash, size: body.payloadSize };
    const payload = await payloadOf(entry, name, this.#reading.source);
    if (payload === undefined) return sealed('expired');
    return this.#decrypt(entry, body, payload, record.state);
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
    { event }: VerifiedEntry,
    { epoch, contentType }: MessageBody,
    payload: Uint8Array,
    state: GroupState,
  ): Promise<TimelineContent> {
    const opened = await decrypt(state, payload);
    if (!opened.ok) {
      // Keys from before joining were never here; of what came later, they were.
      const reason = opened.error.code === 'message-expired' ? 'not-member' : 'unreadable';
      return { kind: 'sealed', value: { epoch, reason } };
    }
    const { plaintext, sender, authenticatedData } = opened.value;
    this.#record = { state: opened.value.state, lostAt: undefined };
    const isTrue =
      opened.value.epoch === epoch &&
      equalBytes(sender, event.actor) &&
      equalBytes(authenticatedData, bindingOf(event));
    if (!isTrue) return { kind: 'sealed', value: { epoch, reason: 'unreadable' } };
    return { kind: 'message', value: { epoch, contentType, bytes: plaintext } };
  }

  async followCommit(entry: VerifiedEntry, body: MlsCommit): Promise<TimelineContent> {
    const { added, removed } = body.roster;
    const content: TimelineContent = { kind: 'membersChanged', value: { epoch: body.epoch + 1, added, removed } };
    if (this.#welcome?.index === entry.index) await this.#join(entry, body, this.#welcome);
    else if (this.#record !== undefined && this.#record.lostAt === undefined) await this.#advance(entry, body);
    return content;
  }

  async #join(entry: VerifiedEntry, body: MlsCommit, { welcome }: AcceptedWelcome): Promise<void> {
    const { store, pool, self, chain } = this.#reading;
    const { state, keyPackageRef } = await joinAt(entry, body, welcome, { pool, self, chain });
    this.#record = { state, lostAt: undefined };
    this.#pending = undefined;
    this.#writes.push(store.dropWelcome(), store.dropPending(), ...(await pool.spend(keyPackageRef)));
  }

  async #advance(entry: VerifiedEntry, body: MlsCommit): Promise<void> {
    const before = this.#record?.state;
    if (before === undefined || before.status === 'removed') return;
    const pending = this.#pending?.commit;
    const isOwn =
      pending !== undefined &&
      equalBytes(body.commitHash, pending.commitHash) &&
      equalBytes(entry.event.actor, this.#reading.self);
    const state = isOwn ? acceptOwnCommit(before, pending) : await this.#follow(before, entry, body);
    // Whoever won the epoch, it is over for what was pending.
    if (pending !== undefined) this.#writes.push(this.#reading.store.dropPending());
    this.#pending = undefined;
    this.#record =
      state?.ok === true ? { state: state.value, lostAt: undefined } : { state: before, lostAt: entry.index };
  }

  /** Another member's commit; undefined where it is gone or does something else than its entry says. */
  async #follow(before: GroupState, entry: VerifiedEntry, body: MlsCommit) {
    const name = { hash: body.commitHash, size: body.commitSize };
    const commit = await payloadOf(entry, name, this.#reading.source);
    const processed = commit && (await processCommit(before, commit));
    if (processed?.ok !== true) return undefined;
    return doesAsTold(processed.value, entry, body) ? { ok: true as const, value: processed.value.state } : undefined;
  }

  finish(): readonly StorageWrite[] {
    const record = this.#record;
    if (record === undefined || record === this.#begun) return this.#writes;
    return [this.#reading.store.put(record), ...this.#writes];
  }
}

/** The roster follows the entry, encryption follows the commit: they must say the same. */
function doesAsTold(
  { committer, authenticatedData, added, removed, replaced }: ProcessedCommit,
  { event }: VerifiedEntry,
  { roster }: MlsCommit,
): boolean {
  const addedActors = roster.added.map(({ actor }) => actor);
  return (
    equalBytes(committer, event.actor) &&
    equalBytes(authenticatedData, bindingOf(event)) &&
    replaced.length === 0 &&
    isSameSet(added, addedActors) &&
    isSameSet(removed, roster.removed)
  );
}

function isSameSet(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((item) => b.some((other) => equalBytes(item, other)));
}

function bindingOf({ actor, eventId }: VerifiedEntry['event']): Uint8Array {
  return encodeAuthenticatedData({ actor, eventId });
}
