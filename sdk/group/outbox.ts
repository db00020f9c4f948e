import {
  choice,
  decode,
  encode,
  equalBytes,
  EVENT_ID_BYTES,
  fromHex,
  MAX_EVENT_BYTES,
  MAX_PAYLOAD_BYTES,
  opaque,
  opaqueVector,
  SIGNATURE_BYTES,
  struct,
  text,
  toHex,
  uint16,
  variant,
  version,
  type Decoded,
} from '../../core/index.ts';
import type { ChainKeys } from '../chain/chain-keys.ts';
import { newEventId, timeOfEventId } from '../chain/sign-event.ts';
import { StorageError, UsageError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import type { Storage, StorageWrite } from '../storage.ts';

/** Messages that one group's outbox holds, failed ones included: who writes faster than the relay takes has to wait. */
export const MAX_OUTGOING_MESSAGES = 1_000;
const MAX_CODE_BYTES = 64;
const MAX_REASON_CHARACTERS = 200;

const stage = variant('OutgoingStage', choice('OutgoingStageKind', { queued: 1, sealed: 2, failed: 3 }), {
  queued: struct('Queued', {}),
  /** The very bytes that have left or are about to: as long as nobody knows what became of them, no others may go. */
  sealed: struct('Sealed', {
    event: opaqueVector(MAX_EVENT_BYTES),
    signature: opaque(SIGNATURE_BYTES),
    payload: opaqueVector(MAX_PAYLOAD_BYTES),
  }),
  failed: struct('Failed', { code: text(MAX_CODE_BYTES), reason: text(4 * MAX_REASON_CHARACTERS) }),
});

const outgoing = struct('OutgoingRecord', {
  version: version(1),
  contentType: uint16,
  /** What was meant to be said: in an MLS group nobody can read their own ciphertext. */
  content: opaqueVector(MAX_PAYLOAD_BYTES),
  stage,
});

/** A message on its way, for as long as the log does not show it. Its event id is fixed when it is written. */
export interface OutboxRecord extends Omit<Decoded<typeof outgoing>, 'version'> {
  readonly eventId: Uint8Array;
  /** Ms since the Unix epoch, strictly rising from one message to the next. */
  readonly createdAt: number;
}

/** The bytes of a message that has left, or is about to. */
export type SealedStage = Extract<OutboxRecord['stage'], { readonly kind: 'sealed' }>['value'];
export type SealedRecord = OutboxRecord & { readonly stage: { readonly kind: 'sealed' } };

/**
 * Messages of this identity whose entries were not seen yet, in the order in which they were written. An event id begins
 * with its time (`EV5`), and each is later than the one before: the keys alone tell the order.
 */
export class Outbox {
  readonly #storage: Storage;
  readonly #keys: ChainKeys;

  constructor(storage: Storage, keys: ChainKeys) {
    this.#storage = storage;
    this.#keys = keys;
  }

  /**
   * Keeps a message that is to be sent; `announce` is called right before anyone else can find it. Rejects with `outbox-full`
   * where there is no room for it.
   */
  async add(
    { contentType, content }: Pick<OutboxRecord, 'contentType' | 'content'>,
    platform: Pick<Platform, 'now' | 'randomBytes'>,
    announce: (record: OutboxRecord) => void = () => undefined,
  ): Promise<OutboxRecord> {
    return this.exclusive(async () => {
      const ids = await this.ids();
      if (ids.length >= MAX_OUTGOING_MESSAGES) {
        throw new UsageError('outbox-full', `${MAX_OUTGOING_MESSAGES} messages of this group wait already`);
      }
      const newest = ids.at(-1);
      const createdAt = Math.max(platform.now(), newest === undefined ? 0 : timeOfEventId(newest) + 1);
      const eventId = newEventId({ now: () => createdAt, randomBytes: (length) => platform.randomBytes(length) });
      const record: OutboxRecord = { eventId, createdAt, contentType, content, stage: { kind: 'queued', value: {} } };
      announce(record);
      await this.#storage.commit([this.put(record)]);
      return record;
    });
  }

  /** Runs a task while no other adds, seals, fails or cancels messages of this outbox, in any process. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    return this.#storage.exclusive(this.#keys.outbox, task);
  }

  put({ eventId, contentType, content, stage: value }: OutboxRecord): StorageWrite {
    return { key: this.#keyOf(eventId), value: encode(outgoing, { version: 1, contentType, content, stage: value }) };
  }

  drop(eventId: Uint8Array): StorageWrite {
    return { key: this.#keyOf(eventId), value: undefined };
  }

  /** Oldest first. */
  async ids(): Promise<readonly Uint8Array[]> {
    return (await this.#storage.list(this.#keys.outbox)).map((key) => this.#idIn(key));
  }

  async find(eventId: Uint8Array): Promise<OutboxRecord | undefined> {
    const key = this.#keyOf(eventId);
    const bytes = await this.#storage.read(key);
    if (bytes === undefined) return undefined;
    const record = decode(outgoing, bytes);
    if (!record.ok) throw new StorageError('storage-damaged', `${key} is ${record.error.reason}`);
    return { ...record.value, eventId, createdAt: timeOfEventId(eventId) };
  }

  async all(): Promise<readonly OutboxRecord[]> {
    const records: OutboxRecord[] = [];
    for (const id of await this.ids()) {
      const record = await this.find(id);
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /**
   * What goes next: the oldest message alone where it has left before, since nothing may overtake it; else as many in a row
   * as have not left, up to `limit`.
   */
  async next(limit: number): Promise<readonly OutboxRecord[]> {
    const batch: OutboxRecord[] = [];
    for (const id of await this.ids()) {
      const record = await this.find(id);
      if (record === undefined || record.stage.kind === 'failed') continue;
      if (record.stage.kind === 'sealed') return batch.length === 0 ? [record] : batch;
      batch.push(record);
      if (batch.length === limit) break;
    }
    return batch;
  }

  /**
   * Keeps a refused message, with what it was refused for. False where it is no longer as it was when it was refused: another
   * process has sent, failed or cancelled it.
   */
  async fail(refused: OutboxRecord, code: string, reason: string): Promise<boolean> {
    const value = { code, reason: reason.slice(0, MAX_REASON_CHARACTERS) };
    return this.#change(refused.eventId, (held) =>
      isAsKnown(held, refused) ? this.put({ ...held, stage: { kind: 'failed', value } }) : undefined,
    );
  }

  /** Puts a failed message back in its place. False where there is no such one. */
  async requeue(eventId: Uint8Array): Promise<boolean> {
    return this.#change(eventId, (record) =>
      record.stage.kind === 'failed' ? this.put({ ...record, stage: { kind: 'queued', value: {} } }) : undefined,
    );
  }

  /** Forgets a message that has not left, or has failed. False where it has left or is gone. */
  async cancel(eventId: Uint8Array): Promise<boolean> {
    return this.#change(eventId, ({ stage: { kind } }) => (kind === 'sealed' ? undefined : this.drop(eventId)));
  }

  async #change(eventId: Uint8Array, change: (record: OutboxRecord) => StorageWrite | undefined): Promise<boolean> {
    return this.exclusive(async () => {
      const record = await this.find(eventId);
      const write = record && change(record);
      if (write === undefined) return false;
      await this.#storage.commit([write]);
      return true;
    });
  }

  #keyOf(eventId: Uint8Array): string {
    return `${this.#keys.outbox}${toHex(eventId)}`;
  }

  #idIn(key: string): Uint8Array {
    const id = fromHex(key.slice(this.#keys.outbox.length));
    if (id?.length !== EVENT_ID_BYTES) throw new StorageError('storage-damaged', `${key} is no message's key`);
    return id;
  }
}

/** Bytes whose fate is unknown are replaced only by whoever knows that fate: the stage must be the one that was refused. */
export function isAsKnown(held: OutboxRecord | undefined, { stage }: OutboxRecord): boolean {
  if (held?.stage.kind !== stage.kind || stage.kind === 'failed') return false;
  if (held.stage.kind !== 'sealed' || stage.kind !== 'sealed') return true;
  return equalBytes(held.stage.value.signature, stage.value.signature);
}
