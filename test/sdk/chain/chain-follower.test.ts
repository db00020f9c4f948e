import { describe, expect, test } from 'vitest';
import { equalBytes, memberAdded, publicKeyOf, sha256, utf8ToBytes, type EntryPage } from '../../../core/index.ts';
import { ChainFollower, type EntryReader } from '../../../sdk/chain/chain-follower.ts';
import { ForkError, UntrustedError } from '../../../sdk/errors.ts';
import { memoryStorage } from '../../../sdk/index.ts';
import { actorSeed, RELAY_NAME, TestLog } from './test-log.ts';
import { contextOf, serve } from './test-server.ts';

const [alice, mallory] = ['alice', 'mallory'].map(actorSeed) as [Uint8Array, Uint8Array];

function logOf(messages: number): TestLog {
  const log = TestLog.found(alice);
  for (let i = 1; i <= messages; i++) log.say(alice, `message ${i}`);
  return log;
}

/** Notes what it was shown. */
class Notes implements EntryReader {
  readonly indexes: number[] = [];
  read: EntryReader['read'] = async ({ entries }) => {
    this.indexes.push(...entries.map(({ index }) => index));
    return [];
  };
}

function follow(log: TestLog, storage = memoryStorage()) {
  const server = serve(log);
  const notes = new Notes();
  const follower = new ChainFollower(contextOf(server.client, storage), log.chain, notes);
  return { ...server, storage, notes, follower };
}

const range = (size: number): number[] => Array.from({ length: size }, (_, i) => i);

const flipBit = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
};

describe('following a chain', () => {
  test('[CL2, CL3] reads a chain of several pages once, in order, and shows no entry twice', async () => {
    const { follower, notes, served } = follow(logOf(600));
    await follower.catchUp();
    expect(notes.indexes).toEqual(range(601));
    served.log.say(alice, 'one more');
    await follower.catchUp();
    await follower.catchUp();
    expect(notes.indexes).toEqual(range(602));
    const chain = await follower.current();
    expect(chain?.cursor.size).toBe(602);
    expect(chain?.checkpoint.size).toBe(602);
  });

  test('[CL3] a page that ends before its checkpoint is proven under one; the last one adds up to it', async () => {
    const { follower, served } = follow(logOf(600));
    for (const from of [0, 256, 512]) await follower.take(served.log.page(from));
    expect(served.requests.map((path) => path.split('/').slice(-2).join('/'))).toEqual(['proof/255', 'proof/511']);
    expect((await follower.current())?.cursor.size).toBe(601);
  });

  test('[CL3] pages of a long log are joined, and proven where they end', async () => {
    const { follower, served } = follow(logOf(1_100));
    await follower.catchUp();
    expect(served.requests.filter((path) => path.includes('/proof/')).map((path) => path.split('/').at(-1))).toEqual([
      '1023',
    ]);
    expect((await follower.current())?.cursor.size).toBe(1_101);
  });

  test('[CL7] goes on where another process stopped, and asks for nothing twice', async () => {
    const first = follow(logOf(300));
    await first.follower.catchUp();
    const second = follow(first.served.log, first.storage);
    second.served.log.say(alice, 'later');
    await second.follower.catchUp();
    expect(second.notes.indexes).toEqual([301]);
    await first.follower.catchUp();
    expect(first.notes.indexes).toEqual(range(301));
    expect((await first.follower.current())?.cursor.size).toBe(302);
  });

  test('calls at the same time share the reading and all see the end', async () => {
    const { follower, notes } = follow(logOf(500));
    await Promise.all(range(8).map(() => follower.catchUp()));
    expect(notes.indexes).toEqual(range(501));
  });

  test('a page that overlaps what is held brings only what is new; one that leaves a gap is refused', async () => {
    const log = logOf(20);
    const { follower, notes } = follow(log);
    await follower.take(log.page(0, 256, 10));
    await follower.take(log.page(5));
    expect(notes.indexes).toEqual(range(21));
    const altered = mapEntry(log.page(5), 3, (entry) => flipBit(entry, 60));
    await expect(follower.take(altered)).rejects.toMatchObject({ code: 'entry-invalid', index: 8 });
    const longer = log.fork(21);
    longer.say(alice, 'missed');
    longer.say(alice, 'shown');
    await expect(follower.take(longer.page(22))).rejects.toMatchObject({ code: 'entry-invalid', index: 21 });
  });

  test('an aborted call rejects with the reason and changes nothing', async () => {
    const { follower, notes } = follow(logOf(3));
    await expect(follower.catchUp(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(notes.indexes).toEqual([]);
  });
});

describe('an answer that does not verify', () => {
  const tampered: [string, string, (page: EntryPage) => EntryPage][] = [
    ['a flipped byte in any field of an entry', 'entry-invalid', (page) => mapEntry(page, 5, (e) => flipBit(e, 60))],
    ['a flipped byte in a signature', 'entry-invalid', (page) => mapEntry(page, 5, (e) => flipBit(e, e.length - 1))],
    ['an entry cut short', 'entry-invalid', (page) => mapEntry(page, 5, (e) => e.slice(0, -1))],
    ['a flipped relay time', 'entry-invalid', (page) => mapEntry(page, 5, (e) => flipBit(e, 47))],
    ['a flipped relay time of the last entry', 'root-mismatch', (page) => mapEntry(page, 9, (e) => flipBit(e, 47))],
    ['two entries swapped', 'entry-invalid', ({ entries: e, checkpoint }) => ({ entries: swap(e, 3, 4), checkpoint })],
    ['an entry left out', 'entry-invalid', (page) => ({ ...page, entries: page.entries.filter((_, i) => i !== 4) })],
    [
      'an entry twice',
      'entry-invalid',
      (page) => ({ ...page, entries: page.entries.flatMap((e, i) => (i === 4 ? [e, e] : [e])) }),
    ],
    [
      'a checkpoint of another key',
      'checkpoint-invalid',
      (page) => ({ ...page, checkpoint: logOf(9).checkpoint(10, mallory) }),
    ],
    [
      'a checkpoint of another log',
      'checkpoint-invalid',
      (page) => ({ ...page, checkpoint: TestLog.found(mallory).checkpoint() }),
    ],
    [
      'a checkpoint with another root',
      'checkpoint-invalid',
      (page) => ({ ...page, checkpoint: page.checkpoint.replace(/^[A-Za-z0-9+/]{8}/m, 'AAAAAAAA') }),
    ],
    ['a checkpoint of fewer entries', 'uncovered-entries', (page) => ({ ...page, checkpoint: logOf(9).checkpoint(8) })],
  ];

  test.each(tampered)(
    '[CL2, CL4] %s: %s; nothing is shown or kept, and a sound answer heals it',
    async (_, code, tamper) => {
      const { follower, notes, served, storage } = follow(logOf(9));
      served.tamper = tamper;
      await expect(follower.catchUp()).rejects.toMatchObject({ name: 'UntrustedError', code });
      expect(notes.indexes).toEqual([]);
      expect(await storage.list('')).toEqual([]);
      delete served.tamper;
      await follower.catchUp();
      expect(notes.indexes).toEqual(range(10));
    },
  );

  test('[CL4] damage after a sound beginning neither moves the position nor is taken for a fork', async () => {
    const { follower, notes, served } = follow(logOf(9));
    await follower.catchUp();
    for (let i = 0; i < 5; i++) served.log.say(alice, 'more');
    for (const at of [10, 12, 14]) {
      served.tamper = (page, from) => mapEntry(page, at - from, (entry) => flipBit(entry, 12));
      await expect(follower.catchUp()).rejects.toBeInstanceOf(UntrustedError);
    }
    delete served.tamper;
    await follower.catchUp();
    expect(notes.indexes).toEqual(range(15));
  });

  test('[CL2] an entry that the rules forbid is named with the rule, though the relay signed the log', async () => {
    const log = logOf(3);
    log.append(memberAdded, mallory, { actor: publicKeyOf(mallory), role: 'owner' });
    const { follower } = follow(log);
    await expect(follower.catchUp()).rejects.toMatchObject({
      code: 'entry-invalid',
      index: 4,
      message: /not-permitted/,
    });
  });

  test('[CL2] an event that is sequenced twice, or names a history that is not this one, is refused', async () => {
    const twice = logOf(2);
    const eventId = sha256(utf8ToBytes('once')).slice(0, 16);
    for (let i = 0; i < 2; i++) twice.appendRaw({ by: alice, type: 0x8000, body: new Uint8Array(0), eventId });
    await expect(follow(twice).follower.catchUp()).rejects.toMatchObject({ message: /event-id-repeated/, index: 4 });
    const other = logOf(2);
    other.appendRaw({ by: alice, type: 0x8000, body: new Uint8Array(0), seen: { index: 1, hash: sha256(eventId) } });
    await expect(follow(other).follower.catchUp()).rejects.toMatchObject({ message: /unknown-parent/, index: 3 });
  });

  test('[CL2] an event that its actor did not sign is refused, though the relay sequenced it', async () => {
    const log = logOf(3);
    log.appendRaw({ by: alice, signedBy: mallory, type: 0x8000, body: new Uint8Array(0) });
    const { follower } = follow(log);
    await expect(follower.catchUp()).rejects.toMatchObject({ message: /bad-signature/, index: 4 });
  });

  test('[CL1] a chain whose genesis names another relay is refused', async () => {
    const elsewhere = TestLog.found(alice, 'elsewhere.example');
    const otherKey = TestLog.found(alice, RELAY_NAME, publicKeyOf(mallory));
    for (const log of [elsewhere, otherKey]) {
      await expect(follow(log).follower.catchUp()).rejects.toMatchObject({ code: 'other-relay' });
    }
  });

  test('[CL3] a proof of another entry or of another log does not cover a page', async () => {
    const log = logOf(600);
    const other = log.fork(100);
    while (other.size < 601) other.say(alice, 'other');
    const renumbered = log.proof(254).replace('index 254', 'index 255');
    for (const proof of [log.proof(254), other.proof(255), renumbered, log.proofElsewhere(255), 'none']) {
      const { follower, served, notes } = follow(log);
      served.proof = () => proof;
      await expect(follower.take(log.page(0))).rejects.toMatchObject({ code: 'proof-invalid' });
      expect(notes.indexes).toEqual([]);
    }
  });

  test('[CL4] a relay that shows fewer entries than before is reported, and is no fork', async () => {
    const { follower, served } = follow(logOf(9));
    await follower.catchUp();
    served.log = served.log.fork(6);
    await expect(follower.catchUp()).rejects.toMatchObject({ code: 'checkpoint-older' });
    expect((await follower.current())?.cursor.size).toBe(10);
  });
});

describe('a relay that keeps two histories', () => {
  async function expectFork(held: TestLog, offered: TestLog): Promise<void> {
    const { follower, served, notes, storage } = follow(held);
    await follower.catchUp();
    const shown = notes.indexes.length;
    served.log = offered;
    const error: unknown = await follower.catchUp().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ForkError);
    const { evidence } = error as ForkError;
    expect(evidence).toMatchObject({ held: held.checkpoint(), offered: offered.checkpoint() });
    expect(notes.indexes).toHaveLength(shown);
    // It stays stopped: for this process, for another one, and when the first history comes back.
    served.log = held;
    await expect(follower.catchUp()).rejects.toThrow(ForkError);
    const again = follow(held, storage).follower;
    await expect(again.catchUp()).rejects.toMatchObject({ code: 'fork', evidence });
    await expect(again.current()).rejects.toThrow(ForkError);
  }

  test.each([
    ['as long', 10],
    ['longer', 14],
    ['shorter', 8],
    ['much longer', 700],
  ])('[CL5] another history, %s, stops the chain with both checkpoints', async (_, size) => {
    const held = logOf(9);
    const offered = held.fork(5);
    while (offered.size < size) offered.say(alice, `other ${offered.size}`);
    await expectFork(held, offered);
  });

  test('[CL5] a fork from an entry on that only a proof has covered so far is found when the entries come', async () => {
    const log = logOf(600);
    const other = log.fork(400);
    while (other.size < 700) other.say(alice, `other ${other.size}`);
    const { follower, served } = follow(log);
    await follower.take(log.page(0));
    expect((await follower.current())?.cursor.size).toBe(256);
    served.log = other;
    const error = await follower.catchUp().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ForkError);
    expect((error as ForkError).evidence.held).toBe(log.checkpoint());
  });

  test('[CL5] a promise that the entries have not reached is kept, whatever is promised after it', async () => {
    const log = logOf(600);
    const other = log.fork(400);
    while (other.size < 700) other.say(alice, `other ${other.size}`);
    const { follower, served } = follow(log);
    await follower.take(log.page(0));
    served.log = other;
    await follower.take(other.page(256, 200));
    const error = await follower.take(other.page(456)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'fork', evidence: { held: log.checkpoint(), offered: other.checkpoint() } });
  });

  test('[CL5] entries that no checkpoint signs accuse nobody', async () => {
    const held = logOf(9);
    const other = held.fork(5);
    while (other.size < 12) other.say(alice, 'other');
    const { follower, served } = follow(held);
    await follower.catchUp();
    held.say(alice, 'ten');
    // Someone on the way hands over entries of their own making under the relay's true checkpoint.
    served.tamper = (page, from) => ({ ...page, entries: other.page(from, 256, 11).entries });
    await expect(follower.catchUp()).rejects.toBeInstanceOf(UntrustedError);
    delete served.tamper;
    await follower.catchUp();
    expect(equalBytes((await follower.current())!.cursor.head, held.rows.at(-1)!.leaf)).toBe(true);
  });
});

function mapEntry(page: EntryPage, at: number, change: (entry: Uint8Array) => Uint8Array): EntryPage {
  const entries = page.entries.map((logged, i) => (i === at ? { ...logged, entry: change(logged.entry) } : logged));
  return { ...page, entries };
}

function swap<T>(items: readonly T[], a: number, b: number): T[] {
  return items.map((item, i) => (i === a ? items[b]! : i === b ? items[a]! : item));
}
