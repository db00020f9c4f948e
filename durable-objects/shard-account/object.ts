import { DurableObject } from 'cloudflare:workers';
import { sha256, type ObjectKey } from '../../core/index.ts';
import { refusalOfFault, refuseForRoom, type Caller, type RelayRefusal } from '../../relay/index.ts';
import { shardAccountMigrations } from '../../migrations/index.ts';
import { R2Node } from '../../storage/index.ts';
import { NonceGate } from '../access/nonces.ts';
import { JobScheduler } from '../jobs/index.ts';
import { applyMigrations } from '../migrate.ts';
import { reportJobFailure } from '../platform/incident.ts';
import { ObjectRows, type ObjectRow, type ShardUsage } from './store.ts';
import { Turns } from '../turns.ts';

/** What an account needs of the shard node that it belongs to. */
export interface ShardAccountEnvironment {
  readonly SHARDS: R2Bucket;
}

/** A request that has passed everything but its nonce. */
export interface AccountCall {
  /** The account's owner: the caller's key in base64url. */
  readonly relay: string;
  readonly caller: Caller;
}

export interface PutCall extends AccountCall {
  readonly key: ObjectKey;
  readonly bytes: Uint8Array;
  readonly expiresAt: number;
  readonly quotaBytes: number;
}

const RELAY = 'relay';
/** Objects that one step removes: what R2 deletes in one call. */
const SWEEP_OBJECTS = 1_000;
/**
 * How long the bucket may take. A write that is given up may still arrive, after a later one of the same key, so this is
 * longer than any that is still alive.
 */
const BUCKET_TIMEOUT_MS = 60_000;

/**
 * What one relay has at a shard node: its writes go through here, one at a time for each key, so that what is counted is
 * never less than what is kept (`SN16`). Reads don't: the bucket answers them.
 */
export class ShardAccountObject extends DurableObject<ShardAccountEnvironment> {
  /** ms since the Unix epoch; tests move it. */
  clock: () => number = () => Date.now();
  readonly #turns = new Turns();
  readonly #nonces: NonceGate;
  readonly #rows: ObjectRows;
  readonly #jobs: JobScheduler<'expiry' | 'nonces'>;

  constructor(ctx: DurableObjectState, env: ShardAccountEnvironment) {
    super(ctx, env);
    applyMigrations(ctx.storage, shardAccountMigrations);
    this.#nonces = new NonceGate(ctx.storage.sql, (dueAt) => this.#jobs.schedule('nonces', dueAt));
    this.#rows = new ObjectRows(ctx.storage.sql);
    const steps = { expiry: (now: number) => this.#expire(now), nonces: (now: number) => this.#nonces.sweep(now) };
    this.#jobs = new JobScheduler(ctx.storage, steps, () => this.clock(), { onFailure: reportJobFailure });
    void ctx.blockConcurrencyWhile(() => this.#jobs.recover());
  }

  async put(call: PutCall): Promise<RelayRefusal | null> {
    return this.#admit(call) ?? this.#turns.run([call.key], () => this.#put(call));
  }

  async remove({ key, ...call }: AccountCall & { readonly key: ObjectKey }): Promise<RelayRefusal | null> {
    return this.#admit(call) ?? this.#turns.run([key], () => this.#delete([key]));
  }

  usage(call: AccountCall): RelayRefusal | ShardUsage {
    return this.#admit(call) ?? this.#rows.usage;
  }

  override async alarm(): Promise<void> {
    await this.#jobs.run();
  }

  /** The row is there before the object, so a crash in between leaves too much counted until the expiry, and never too little. */
  async #put({ key, bytes, expiresAt, quotaBytes }: PutCall): Promise<RelayRefusal | null> {
    const held = this.#rows.find(key);
    const row: ObjectRow = { sizeBytes: bytes.length, expiresAt };
    const { usedBytes } = this.#rows.usage;
    const refusal = refuseForRoom({ sizeBytes: bytes.length, heldBytes: held?.sizeBytes ?? 0, usedBytes, quotaBytes });
    if (refusal !== undefined) return refusal;
    this.#rows.set(key, largerOf(row, held));
    this.#jobs.schedule('expiry', expiresAt);
    const put = await this.#node.put(key, { bytes, sha256: sha256(bytes), expiresAt });
    if (put.ok) this.#rows.set(key, row);
    else if (put.error.code === 'refused') this.#rows.set(key, held);
    return put.ok ? null : refusalOfFault(put.error);
  }

  async #delete(keys: readonly ObjectKey[]): Promise<RelayRefusal | null> {
    const deleted = await this.#node.deleteAll(keys);
    if (!deleted.ok) return refusalOfFault(deleted.error);
    for (const key of keys) this.#rows.set(key, undefined);
    return null;
  }

  async #expire(now: number): Promise<number | undefined> {
    const due = this.#rows.expired(now, SWEEP_OBJECTS);
    const refusal = await this.#turns.run(due, () => {
      // What was put anew while this waited for its turn is not due any more.
      const expired = due.filter((key) => (this.#rows.find(key)?.expiresAt ?? Infinity) <= now);
      return expired.length === 0 ? Promise.resolve(null) : this.#delete(expired);
    });
    if (refusal !== null) throw new Error(`Expired objects could not be deleted: ${refusal.code}.`);
    return this.#rows.nextExpiry();
  }

  /** Spends the request's nonce (`SN15`), and notes whose account this is, for the alarms. */
  #admit({ relay, caller }: AccountCall): RelayRefusal | null {
    const refusal = this.#nonces.refusalOf(caller);
    if (refusal !== undefined) return refusal;
    if (this.ctx.storage.kv.get(RELAY) === undefined) this.ctx.storage.kv.put(RELAY, relay);
    return null;
  }

  get #node(): R2Node {
    const relay = this.ctx.storage.kv.get<string>(RELAY);
    if (relay === undefined) throw new Error('An account without an owner was used.');
    return new R2Node({
      bucket: this.env.SHARDS,
      prefix: accountPrefix(relay),
      clock: () => this.clock(),
      timeoutMs: BUCKET_TIMEOUT_MS,
    });
  }
}

/** Where a relay's objects are in the bucket (`SN14`). */
export function accountPrefix(relay: string): string {
  return `${relay}/`;
}

function largerOf(row: ObjectRow, held: ObjectRow | undefined): ObjectRow {
  return {
    sizeBytes: Math.max(row.sizeBytes, held?.sizeBytes ?? 0),
    expiresAt: Math.max(row.expiresAt, held?.expiresAt ?? 0),
  };
}
