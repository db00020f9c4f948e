import { beforeEach, describe, expect, it } from 'vitest';
import {
  equalBytes,
  inclusionProof,
  leafHash,
  MAX_HANDSHAKE_BYTES,
  rangeFromNodes,
  rootOf,
  sha256,
  verifyInclusion,
} from '../../../core/index.ts';
import {
  ChainStore,
  KEPT_SNAPSHOTS,
  MAX_LOOKUP_LAG,
  MAX_SNAPSHOT_BYTES,
  SNAPSHOT_PART_BYTES,
  type LogRow,
  type NewDeliveries,
} from '../../../durable-objects/chain/store.ts';
import { applyMigrations } from '../../../durable-objects/migrate.ts';
import { chainMigrations } from '../../../migrations/index.ts';
import { bytesFor } from '../bytes-for.ts';
import { freshObject, withStorage } from '../storage-of.ts';
import { LogFixture } from './log-fixture.ts';

let object: DurableObjectStub;

beforeEach(() => {
  object = freshObject('CHAIN');
});

/** Runs on the migrated storage of this test's object. */
function withStore<R>(use: (store: ChainStore, storage: DurableObjectStorage) => R): Promise<R> {
  return withStorage(object, (storage) => {
    applyMigrations(storage, chainMigrations);
    return use(new ChainStore(storage), storage);
  });
}

function append(store: ChainStore, storage: DurableObjectStorage, rows: readonly LogRow[]): void {
  storage.transactionSync(() => store.log.append(rows));
}

/** Everything that the log holds, as text, to compare before and after. */
function dump(storage: DurableObjectStorage): string {
  const columns = 'idx, hex(entry) AS entry, hex(nodes) AS nodes, hex(event_key) AS event_key';
  return JSON.stringify(storage.sql.exec(`SELECT ${columns} FROM log ORDER BY idx`).toArray());
}

describe('the log', () => {
  it('gives back what was appended, in batches of any size', () =>
    withStore((store, storage) => {
      expect(store.log.size()).toBe(0);
      const fixture = new LogFixture();
      const rows: LogRow[] = [];
      for (const count of [1, 25, 64, 26, 7]) {
        const batch = fixture.rows(count);
        append(store, storage, batch);
        rows.push(...batch);
        expect(store.log.size()).toBe(rows.length);
      }
      for (const { index, entry, nodes, eventKey } of rows) {
        expect(store.log.entry(index)).toEqual(entry);
        expect(store.log.nodes(index)).toEqual(nodes);
        expect(store.log.eventsOf([eventKey])).toEqual([{ eventKey, index, entry }]);
      }
      expect(store.log.entry(rows.length)).toBeUndefined();
      expect(store.log.eventsOf([new Uint8Array(48)])).toEqual([]);
    }));

  it('stores the bytes of a view, not of the buffer under it', () =>
    withStore((store, storage) => {
      const [row] = new LogFixture().rows(1);
      const around = new Uint8Array(1000).fill(7);
      around.set(row!.entry, 300);
      append(store, storage, [{ ...row!, entry: around.subarray(300, 500) }]);
      expect(store.log.entry(0)).toEqual(row!.entry);
    }));

  it('[MT4] is a tree: range, root and proofs come from its rows alone', () =>
    withStore((store, storage) => {
      const fixture = new LogFixture();
      append(store, storage, fixture.rows(333));
      const range = rangeFromNodes(333, store.log.node);
      expect(rootOf(range)).toEqual(rootOf(fixture.range));
      const proof = inclusionProof(200, 333, store.log.node);
      const leaf = leafHash(store.log.entry(200)!);
      expect(verifyInclusion({ index: 200, size: 333, leaf, proof, root: rootOf(range) })).toBe(true);
      expect(() => store.log.node(0, 333)).toThrow();
      expect(() => store.log.node(9, 0)).toThrow();
    }));

  it('leaves nothing of a batch whose last row is refused', () =>
    withStore((store, storage) => {
      const rows = new LogFixture().rows(60);
      append(store, storage, rows.slice(0, 10));
      const broken = [...rows.slice(10, 59), { ...rows[59]!, index: 60 }];
      expect(() => append(store, storage, broken)).toThrow(/next index/);
      expect(store.log.size()).toBe(10);
    }));
});

describe('a log row is immutable', () => {
  const refused = /immutable|permanent|next index/;
  const fresh = bytesFor('fresh', 0, 48);
  const values = `(?1, x'02', zeroblob(32), ?2)`;

  const changes = [
    `UPDATE log SET entry = x'02'`,
    `UPDATE log SET entry = entry WHERE idx = 4`,
    `UPDATE log SET idx = idx + 10`,
    `UPDATE OR REPLACE log SET idx = 4 WHERE idx = 3`,
    `UPDATE OR IGNORE log SET entry = x'02'`,
    `DELETE FROM log`,
    `DELETE FROM log WHERE idx = 4`,
  ];
  it.each(changes)('%s changes nothing', (statement) =>
    withStore((store, storage) => {
      append(store, storage, new LogFixture().rows(5));
      const before = dump(storage);
      expect(() => storage.sql.exec(statement)).toThrow(refused);
      expect(dump(storage)).toBe(before);
    }),
  );

  const inserts = [
    `INSERT INTO log VALUES ${values}`,
    `INSERT OR REPLACE INTO log VALUES ${values}`,
    `REPLACE INTO log VALUES ${values}`,
    `INSERT OR IGNORE INTO log VALUES ${values}`,
    `INSERT OR FAIL INTO log VALUES ${values}`,
    `INSERT INTO log VALUES ${values} ON CONFLICT DO UPDATE SET entry = excluded.entry`,
    `INSERT INTO log VALUES ${values} ON CONFLICT (idx) DO UPDATE SET entry = excluded.entry`,
    `INSERT INTO log VALUES ${values} ON CONFLICT (event_key) DO UPDATE SET entry = excluded.entry`,
    `INSERT INTO log VALUES ${values} ON CONFLICT DO NOTHING`,
    `INSERT OR REPLACE INTO log SELECT ?1, entry, nodes, ?2 FROM log LIMIT 1`,
  ];
  it.each(inserts)('%s changes nothing', (statement) =>
    withStore((store, storage) => {
      const rows = new LogFixture().rows(6);
      append(store, storage, rows.slice(0, 5));
      const before = dump(storage);
      const { buffer: taken } = storage.sql.exec('SELECT event_key AS buffer FROM log WHERE idx = 2').one();
      // A taken index, an index that leaves a gap, none at all, and the next one with an event that is there already.
      const conflicts = [
        [2, fresh],
        [2, taken],
        [4, fresh],
        [6, fresh],
        [-1, fresh],
        [null, fresh],
        [5, taken],
      ];
      for (const conflict of conflicts) {
        expect(() => storage.sql.exec(statement, ...conflict)).toThrow(refused);
        expect(dump(storage)).toBe(before);
      }
      append(store, storage, rows.slice(5));
    }),
  );

  it('refuses rows that have another shape', () =>
    withStore((_, storage) => {
      const insert = 'INSERT INTO log VALUES (0, ?, ?, ?)';
      const [entry, nodes, key] = [new Uint8Array(9), new Uint8Array(32), new Uint8Array(48)];
      const shapes: SqlStorageValue[][] = [
        ['text', nodes, key],
        [new Uint8Array(0), nodes, key],
        [new Uint8Array(65_536), nodes, key],
        [entry, new Uint8Array(33), key],
        [entry, new Uint8Array(0), key],
        [entry, nodes, new Uint8Array(47)],
        [entry, nodes, null],
      ] as unknown as SqlStorageValue[][];
      for (const shape of shapes) expect(() => storage.sql.exec(insert, ...shape)).toThrow(/constraint/);
      storage.sql.exec(insert, entry, nodes, key);
    }));
});

describe('a page of the log', () => {
  const everything = { from: 0, limit: 1000, maxBytes: 1_000_000, now: 0 };

  it('joins payloads that are live and leaves out expired ones whose bytes remain', () =>
    withStore((store, storage) => {
      const rows = new LogFixture().rows(4);
      append(store, storage, rows);
      const payload = (index: number, expiresAt: number) => ({
        index,
        hash: bytesFor('hash', index, 32),
        bytes: bytesFor('payload', index, 50),
        expiresAt,
      });
      store.payloads.append([payload(1, 1000), payload(3, 2000)]);
      const page = store.log.page({ ...everything, now: 1000 });
      expect(page.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
      expect(page.map(({ entry }) => entry)).toEqual(rows.map(({ entry }) => entry));
      expect(page.map((row) => row.leafHash)).toEqual(rows.map(({ entry }) => leafHash(entry)));
      expect(page.map((row) => row.payload)).toEqual([undefined, undefined, undefined, payload(3, 0).bytes]);
    }));

  it('ends at its limit and at its bytes, but never before its first row', () =>
    withStore((store, storage) => {
      append(store, storage, new LogFixture().rows(10));
      const indexes = (query: Partial<typeof everything>) =>
        store.log.page({ ...everything, ...query }).map(({ index }) => index);
      expect(indexes({ from: 7 })).toEqual([7, 8, 9]);
      expect(indexes({ from: 10 })).toEqual([]);
      expect(indexes({ limit: 2 })).toEqual([0, 1]);
      expect(indexes({ maxBytes: 400 })).toEqual([0, 1]);
      expect(indexes({ maxBytes: 399 })).toEqual([0]);
      expect(indexes({ from: 4, maxBytes: 1 })).toEqual([4]);
    }));
});

describe('payloads', () => {
  const HOUR = 3_600_000;
  const row = (index: number, name = index) => ({
    index,
    hash: bytesFor('hash', name, 32),
    bytes: bytesFor('payload', name, 40),
    expiresAt: HOUR + index,
  });

  it('are found by hash before and after the lookup has caught up, at their newest entry', () =>
    withStore((store, storage) => {
      storage.transactionSync(() => store.payloads.append(Array.from({ length: 130 }, (_, i) => row(2 * i))));
      const check = () => {
        for (const index of [0, 2, 128, 258]) expect(store.payloads.find(row(index).hash, 0)).toBe(index);
        expect(store.payloads.find(new Uint8Array(32), 0)).toBeUndefined();
      };
      check();
      expect(store.payloads.extendLookup()).toBe(130);
      expect(store.payloads.extendLookup()).toBe(0);
      check();
      store.payloads.append([row(300, 2)]);
      expect(store.payloads.find(row(2).hash, 0)).toBe(300);
      store.payloads.extendLookup();
      expect(store.payloads.find(row(2).hash, 0)).toBe(300);
      expect(store.payloads.read(300, 0)).toEqual(row(2).bytes);
    }));

  it('that share the first bits of a hash are told apart', () =>
    withStore((store) => {
      const twins = [1, 2].map((index) => ({ ...row(index), hash: new Uint8Array(32).fill(9) }));
      twins[1]!.hash[31] = 8;
      store.payloads.append(twins);
      store.payloads.extendLookup();
      for (const twin of twins) expect(store.payloads.find(twin.hash, 0)).toBe(twin.index);
    }));

  it('are not given out from the moment they expire', () =>
    withStore((store) => {
      store.payloads.append([row(5)]);
      for (const extend of [false, true]) {
        if (extend) store.payloads.extendLookup();
        expect(store.payloads.read(5, HOUR + 4)).toEqual(row(5).bytes);
        expect(store.payloads.read(5, HOUR + 5)).toBeUndefined();
        expect(store.payloads.find(row(5).hash, HOUR + 4)).toBe(5);
        expect(store.payloads.find(row(5).hash, HOUR + 5)).toBeUndefined();
      }
    }));

  it('are deleted oldest first, a bounded number at a time, and their lookup with them', () =>
    withStore((store, storage) => {
      expect(store.payloads.nextExpiry()).toBeUndefined();
      storage.transactionSync(() => store.payloads.append(Array.from({ length: 20 }, (_, i) => row(i))));
      store.payloads.extendLookup();
      const lookups = () => storage.sql.exec('SELECT count(*) AS count FROM payload_lookup').one()['count'];
      expect(store.payloads.nextExpiry()).toBe(HOUR);
      expect(store.payloads.dropExpired(HOUR - 1, 10)).toBe(0);
      expect(store.payloads.dropExpired(HOUR + 14, 10)).toBe(10);
      expect(lookups()).toBe(10);
      expect(store.payloads.dropExpired(HOUR + 14, 10)).toBe(5);
      expect(store.payloads.nextExpiry()).toBe(HOUR + 15);
      expect(store.payloads.find(row(15).hash, 0)).toBe(15);
      expect(store.payloads.dropExpired(2 * HOUR, 10)).toBe(5);
      expect(lookups()).toBe(0);
      store.payloads.append([row(30)]);
      expect(store.payloads.find(row(30).hash, 0)).toBe(30);
    }));

  it('enter the lookup a bounded number at a time', () =>
    withStore((store, storage) => {
      const rows = Array.from({ length: MAX_LOOKUP_LAG + 10 }, (_, i) => row(i));
      storage.transactionSync(() => store.payloads.append(rows));
      expect(store.payloads.lookupLag()).toBe(MAX_LOOKUP_LAG + 10);
      expect(store.payloads.extendLookup()).toBe(MAX_LOOKUP_LAG);
      expect(store.payloads.lookupLag()).toBe(10);
      for (const index of [0, MAX_LOOKUP_LAG - 1, MAX_LOOKUP_LAG, MAX_LOOKUP_LAG + 9]) {
        expect(store.payloads.find(row(index).hash, 0)).toBe(index);
      }
      expect(store.payloads.extendLookup()).toBe(10);
      expect(store.payloads.lookupLag()).toBe(0);
      store.payloads.dropExpired(2 * HOUR, 2 * MAX_LOOKUP_LAG);
      expect(store.payloads.lookupLag()).toBe(0);
    }));
});

describe('handshakes', () => {
  const handshake = (epoch: number, over: { name?: number; kind?: 'tree' | 'commit'; expiresAt?: number } = {}) => ({
    hash: bytesFor('hash', over.name ?? epoch, 32),
    kind: over.kind ?? ('tree' as const),
    epoch,
    bytes: bytesFor('handshake', over.name ?? epoch, 90),
    expiresAt: over.expiresAt ?? null,
  });

  it('in force are found by hash, by kind and by epoch, and never expire', () =>
    withStore((store) => {
      for (const epoch of [3, 4, 5]) store.handshakes.put(handshake(epoch));
      store.handshakes.put(handshake(9, { kind: 'commit' }));
      expect(store.handshakes.newestInForce('tree')).toEqual(handshake(5));
      expect(store.handshakes.inForceAt('tree', 4)).toEqual([handshake(4)]);
      expect(store.handshakes.read(handshake(3).hash, Number.MAX_SAFE_INTEGER)).toEqual(handshake(3).bytes);
      expect(store.handshakes.nextExpiry()).toBeUndefined();
    }));

  it('that are superseded expire, and only they', () =>
    withStore((store) => {
      for (const epoch of [3, 4, 5]) store.handshakes.put(handshake(epoch));
      store.handshakes.put(handshake(3, { name: 33, kind: 'commit' }));
      store.handshakes.retire('tree', 5, 1000);
      expect(store.handshakes.nextExpiry()).toBe(1000);
      expect(store.handshakes.read(handshake(4).hash, 999)).toEqual(handshake(4).bytes);
      expect(store.handshakes.read(handshake(4).hash, 1000)).toBeUndefined();
      expect(store.handshakes.dropExpired(999, 10)).toBe(0);
      expect(store.handshakes.dropExpired(1000, 1)).toBe(1);
      expect(store.handshakes.dropExpired(1000, 10)).toBe(1);
      expect(store.handshakes.read(handshake(5).hash, 5000)).toEqual(handshake(5).bytes);
      expect(store.handshakes.read(bytesFor('hash', 33, 32), 5000)).toBeDefined();
    }));

  it('that come again for a newer epoch stay in force with it', () =>
    withStore((store) => {
      store.handshakes.put(handshake(3, { name: 1, expiresAt: 500 }));
      store.handshakes.put(handshake(4, { name: 1 }));
      store.handshakes.retire('tree', 4, 1000);
      expect(store.handshakes.newestInForce('tree')).toEqual(handshake(4, { name: 1 }));
      store.handshakes.put(handshake(2, { name: 1, expiresAt: 100 }));
      expect(store.handshakes.newestInForce('tree')).toEqual(handshake(4, { name: 1 }));
    }));

  it('above a row are refused', () =>
    withStore((store) => {
      const bytes = new Uint8Array(MAX_HANDSHAKE_BYTES + 1);
      expect(() => store.handshakes.put({ ...handshake(1), bytes })).toThrow(RangeError);
      store.handshakes.put({ ...handshake(1), bytes: bytes.subarray(1) });
      expect(store.handshakes.read(handshake(1).hash, 0)).toHaveLength(MAX_HANDSHAKE_BYTES);
    }));
});

describe('the outbox', () => {
  const recipient = (n: number): Uint8Array => bytesFor('recipient', n, 32);
  const key = (index: number, to = 1) => ({ index, recipient: recipient(to), kind: 'welcome' });
  const deliveries = (index: number, dueAt: number, ...recipients: number[]): NewDeliveries => ({
    index,
    recipients: (recipients.length === 0 ? [1] : recipients).map(recipient),
    kind: 'welcome',
    content: bytesFor('body', index, 30),
    dueAt,
    expiresAt: 10_000 + index,
  });

  it('gives what is due, the longest waiting first, until it is settled', () =>
    withStore((store) => {
      for (const [i, dueAt] of [300, 100, 200, 900].entries()) store.outbox.enqueue(deliveries(i + 1, dueAt));
      expect(store.outbox.nextDue()).toBe(100);
      expect(store.outbox.due(300, 10).map(({ index }) => index)).toEqual([2, 3, 1]);
      expect(store.outbox.due(300, 2).map(({ index }) => index)).toEqual([2, 3]);
      expect(store.outbox.due(300, 1)).toEqual([{ ...key(2), attempt: 0, expiresAt: 10_002 }]);
      store.outbox.settle(key(2));
      expect(store.outbox.due(300, 10).map(({ index }) => index)).toEqual([3, 1]);
    }));

  it('[OB3] keeps the content of an entry once, until the last of its recipients has it', () =>
    withStore((store, storage) => {
      const rows = () => Number(storage.sql.exec('SELECT count(*) AS n FROM outbox_contents').one()['n']);
      store.outbox.enqueue(deliveries(1, 100, 1, 2, 3));
      store.outbox.enqueue(deliveries(2, 100, 1));
      expect(rows()).toBe(2);
      store.outbox.settle(key(1, 1));
      store.outbox.settle(key(1, 3));
      expect(store.outbox.content(key(1))).toEqual(deliveries(1, 0).content);
      store.outbox.settle(key(1, 2));
      expect([store.outbox.content(key(1)), rows()]).toEqual([undefined, 1]);
      store.outbox.dropExpired(10_002, 10);
      expect(rows()).toBe(0);
    }));

  it('[OB2] counts attempts and puts the delivery off', () =>
    withStore((store) => {
      store.outbox.enqueue(deliveries(1, 100));
      store.outbox.defer(key(1), 500);
      store.outbox.defer(key(1), 700);
      expect(store.outbox.due(699, 10)).toEqual([]);
      expect(store.outbox.due(700, 10)).toMatchObject([{ index: 1, attempt: 2 }]);
    }));

  it('takes one delivery of a kind for an entry and recipient', () =>
    withStore((store, storage) => {
      store.outbox.enqueue(deliveries(1, 100));
      const twice = () => storage.transactionSync(() => store.outbox.enqueue(deliveries(1, 200)));
      expect(twice).toThrow(/UNIQUE/);
      expect(() => storage.transactionSync(() => store.outbox.enqueue(deliveries(3, 1, 2, 2)))).toThrow(/UNIQUE/);
      expect(store.outbox.due(1000, 10)).toHaveLength(1);
    }));

  it('[OB1] gives up what has expired', () =>
    withStore((store) => {
      for (const index of [1, 2, 3]) store.outbox.enqueue(deliveries(index, 100));
      expect(store.outbox.dropExpired(10_002, 1)).toBe(1);
      expect(store.outbox.dropExpired(10_002, 10)).toBe(1);
      expect(store.outbox.due(1000, 10).map(({ index }) => index)).toEqual([3]);
    }));
});

describe('pokes', () => {
  const [ann, ben] = [bytesFor('recipient', 1, 32), bytesFor('recipient', 2, 32)] as const;

  it('are one a recipient, at the newest index', () =>
    withStore((store) => {
      store.pokes.raise([ann, ben], { index: 7, dueAt: 100, expiresAt: 10_000 + 7 });
      store.pokes.raise([ann], { index: 9, dueAt: 200, expiresAt: 10_000 + 9 });
      store.pokes.raise([ben], { index: 3, dueAt: 50, expiresAt: 10_000 + 3 });
      expect(store.pokes.nextDue()).toBe(100);
      expect(store.pokes.due(100, 10)).toEqual([
        { recipient: ann, index: 9, attempt: 0 },
        { recipient: ben, index: 7, attempt: 0 },
      ]);
    }));

  it('stay while the chain has gone on since they were sent', () =>
    withStore((store) => {
      store.pokes.raise([ann], { index: 7, dueAt: 100, expiresAt: 10_000 + 7 });
      store.pokes.defer(ann, 100);
      store.pokes.raise([ann], { index: 8, dueAt: 100, expiresAt: 10_000 + 8 });
      store.pokes.settle(ann, 7);
      expect(store.pokes.due(100, 10)).toEqual([{ recipient: ann, index: 8, attempt: 0 }]);
      store.pokes.settle(ann, 8);
      expect(store.pokes.nextDue()).toBeUndefined();
    }));

  it('to one who is out of reach wait behind the others', () =>
    withStore((store) => {
      store.pokes.raise([ann, ben], { index: 7, dueAt: 100, expiresAt: 10_000 + 7 });
      store.pokes.defer(ann, 5000);
      expect(store.pokes.due(4999, 1)).toEqual([{ recipient: ben, index: 7, attempt: 0 }]);
      expect(store.pokes.due(5000, 10)).toContainEqual({ recipient: ann, index: 7, attempt: 1 });
    }));

  it('[OB1] are given up when the newest of them has expired', () =>
    withStore((store) => {
      store.pokes.raise([ann, ben], { index: 7, dueAt: 100, expiresAt: 1000 });
      store.pokes.raise([ann], { index: 9, dueAt: 200, expiresAt: 2000 });
      expect(store.pokes.dropExpired(999, 10)).toBe(0);
      expect(store.pokes.dropExpired(1000, 10)).toBe(1);
      expect(store.pokes.due(1000, 10)).toMatchObject([{ recipient: ann, index: 9 }]);
      store.pokes.postpone(ann, 1500);
      expect([store.pokes.nextDue(), store.pokes.dropExpired(2000, 10)]).toEqual([1500, 1]);
    }));
});

describe('snapshots', () => {
  const snapshot = (index: number) => ({
    index,
    leafHash: bytesFor('leaf', index, 32),
    digest: bytesFor('digest', index, 32),
    bytes: bytesFor('state', index, 300),
  });

  it('are kept newest first, the last few', () =>
    withStore((store) => {
      expect([...store.snapshots.list()]).toEqual([]);
      for (const index of [10, 30, 20, 40, 50]) expect(store.snapshots.save(snapshot(index))).toBe(true);
      expect(KEPT_SNAPSHOTS).toBe(3);
      expect([...store.snapshots.list()]).toEqual([snapshot(50), snapshot(40), snapshot(30)]);
    }));

  it('are rebuilt in place and dropped at any doubt', () =>
    withStore((store) => {
      store.snapshots.save(snapshot(5));
      store.snapshots.save({ ...snapshot(6), index: 5 });
      expect([...store.snapshots.list()]).toEqual([{ ...snapshot(6), index: 5 }]);
      store.snapshots.dropAll();
      expect([...store.snapshots.list()]).toEqual([]);
    }));

  it('[ST3] of more than a row are kept in parts, under one digest of all', () =>
    withStore((store, { sql }) => {
      const count = () => sql.exec('SELECT count(*) AS n FROM snapshot_parts').one()['n'];
      const bytes = new Uint8Array(2 * SNAPSHOT_PART_BYTES + 7).map((_, i) => i >> 12);
      const large = { ...snapshot(5), digest: sha256(bytes), bytes };
      const isWhole = () =>
        [...store.snapshots.list()].every(({ bytes: kept }) => equalBytes(sha256(kept), large.digest));
      expect(store.snapshots.save(large)).toBe(true);
      expect(isWhole()).toBe(true);
      const rows = sql.exec(
        'SELECT length(bytes) AS n FROM snapshots UNION ALL SELECT length(bytes) FROM snapshot_parts',
      );
      expect(rows.toArray().map(({ n }) => n)).toEqual([SNAPSHOT_PART_BYTES, SNAPSHOT_PART_BYTES, 7]);
      sql.exec('DELETE FROM snapshot_parts WHERE part = 1');
      expect(isWhole()).toBe(false);
      store.snapshots.save({ ...large, bytes: bytes.subarray(0, 9) });
      expect(count()).toBe(0);
      store.snapshots.save(large);
      for (const index of [6, 7, 8]) store.snapshots.save(snapshot(index));
      expect(count()).toBe(0);
    }));

  it('[ST3] above the bound are not kept', () =>
    withStore((store) => {
      expect(store.snapshots.save({ ...snapshot(5), bytes: new Uint8Array(MAX_SNAPSHOT_BYTES + 1) })).toBe(false);
      expect([...store.snapshots.list()]).toEqual([]);
    }));
});

describe('single-use access', () => {
  const ticket = { hash: bytesFor('ticket', 1, 32), actor: bytesFor('actor', 1, 32), expiresAt: 1000 };

  it('redeems a ticket once, with what it is bound to', () =>
    withStore((store) => {
      const bound = { ...ticket, origin: 'https://chat.example' };
      store.access.issueTicket(bound);
      expect(store.access.redeemTicket(bytesFor('ticket', 2, 32), 0)).toBeUndefined();
      expect(store.access.redeemTicket(ticket.hash, 999)).toEqual(bound);
      expect(store.access.redeemTicket(ticket.hash, 999)).toBeUndefined();
    }));

  it('uses up a ticket that is shown too late', () =>
    withStore((store) => {
      store.access.issueTicket({ ...ticket, origin: undefined });
      expect(store.access.redeemTicket(ticket.hash, 1000)).toBeUndefined();
      expect(store.access.redeemTicket(ticket.hash, 0)).toBeUndefined();
    }));

  it('takes a nonce once, until it is forgotten', () =>
    withStore((store) => {
      const [one, two] = [bytesFor('nonce', 1, 16), bytesFor('nonce', 2, 16)];
      expect(store.access.nonces.remember(one, 500)).toBe(true);
      expect(store.access.nonces.remember(two, 700)).toBe(true);
      expect(store.access.nonces.remember(one, 900)).toBe(false);
      store.access.issueTicket({ ...ticket, origin: undefined, expiresAt: 400 });
      expect(store.access.nextExpiry()).toBe(400);
      expect(store.access.dropExpired(500, 10)).toBe(2);
      expect(store.access.nextExpiry()).toBe(700);
      expect(store.access.nonces.remember(one, 900)).toBe(true);
      expect(store.access.nonces.remember(two, 900)).toBe(false);
      expect(store.access.dropExpired(10_000, 1)).toBe(1);
      expect(store.access.dropExpired(10_000, 1)).toBe(1);
      expect(store.access.nextExpiry()).toBeUndefined();
    }));
});

describe('migrations', () => {
  const journal = (...whens: number[]) => ({ entries: whens.map((when, i) => ({ tag: `m${i}`, when })) });

  it('run once each, in order, and again only what is new', () =>
    withStorage(object, (storage) => {
      storage.sql.exec('DROP TABLE IF EXISTS __drizzle_migrations');
      const m0 = 'CREATE TABLE one (x)--> statement-breakpoint\nINSERT INTO one VALUES (1)';
      const m1 = 'INSERT INTO one VALUES (2)';
      applyMigrations(storage, { journal: journal(10), statements: { m0 } });
      applyMigrations(storage, { journal: journal(10, 20), statements: { m0, m1 } });
      applyMigrations(storage, { journal: journal(10, 20), statements: { m0, m1 } });
      expect(storage.sql.exec('SELECT x FROM one').toArray()).toEqual([{ x: 1 }, { x: 2 }]);
    }));

  it('that fail are named and leave the storage as it was', () =>
    withStorage(object, (storage) => {
      storage.sql.exec('DROP TABLE IF EXISTS __drizzle_migrations');
      const statements = { m0: 'CREATE TABLE one (x)', m1: 'INSERT INTO one VALUES (1), (2, 3)' };
      expect(() => applyMigrations(storage, { journal: journal(1, 2), statements })).toThrow(/m1 failed/);
      expect(() => storage.sql.exec('SELECT * FROM one')).toThrow(/no such table/);
      expect(() => applyMigrations(storage, { journal: journal(1), statements: {} })).toThrow(/m0/);
    }));

  it('of a newer release keep an older one from starting', () =>
    withStorage(object, (storage) => {
      storage.sql.exec('DROP TABLE IF EXISTS __drizzle_migrations');
      const statements = { m0: 'SELECT 1', m1: 'SELECT 2' };
      applyMigrations(storage, { journal: journal(1, 2), statements });
      expect(() => applyMigrations(storage, { journal: journal(1), statements })).toThrow(/newer release/);
    }));
});
